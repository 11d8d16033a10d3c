using System.Security.Cryptography.X509Certificates;
using OciImage.Registry;

namespace OciImage.Tests.Registry.Hosts;

public sealed class HostsFileTests : IDisposable
{
    private const RegistryCapabilities Everything =
        RegistryCapabilities.Pull | RegistryCapabilities.Resolve | RegistryCapabilities.Push;

    private readonly HostsFixture _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task Hosts_AreAskedInTheOrderOfTheFileAndTheServerLast()
    {
        WriteHosts("""
            server = "https://upstream.example"

            [host."https://z.example".header]
              x = "1"
            [host."https://a.example"]
            [host."http://m.example:5000"]
            [host."https://z.example"]
              capabilities = ["pull"]
            """);

        RegistryRoute route = await _machine.RouteAsync("reg.example");

        Assert.Equal(["z.example", "a.example", "m.example:5000"], route.Mirrors.Select(mirror => mirror.Host));
        Assert.Equal("upstream.example", route.Upstream?.Host);
        Assert.Equal(RegistryCapabilities.Pull, route.Mirrors[0].Capabilities);
    }

    [Theory]
    [InlineData("https://m.example", RegistryScheme.Https, "m.example", "/v2/")]
    [InlineData("http://m.example", RegistryScheme.Http, "m.example", "/v2/")]
    [InlineData("HTTPS://m.example", RegistryScheme.Https, "m.example", "/v2/")] // schemes have no case
    [InlineData("m.example", RegistryScheme.Https, "m.example", "/v2/")] // no scheme is https
    [InlineData("m.example:5000", RegistryScheme.Https, "m.example:5000", "/v2/")]
    [InlineData("localhost:5000", RegistryScheme.Https, "localhost:5000", "/v2/")] // … also on this machine
    [InlineData("https://[::1]:5000", RegistryScheme.Https, "[::1]:5000", "/v2/")]
    [InlineData("https://m.example/", RegistryScheme.Https, "m.example", "/v2/")]
    [InlineData("https://m.example/v2", RegistryScheme.Https, "m.example", "/v2/")] // there already
    [InlineData("https://m.example/v2/", RegistryScheme.Https, "m.example", "/v2/")]
    [InlineData("https://m.example/a//b/./c/../d", RegistryScheme.Https, "m.example", "/a/b/d/v2/")] // cleaned like a path
    [InlineData("https://m.example/../..", RegistryScheme.Https, "m.example", "/v2/")]
    [InlineData("https://m.example/av2", RegistryScheme.Https, "m.example", "/av2/v2/")] // only a whole part counts
    [InlineData("https://docker.io", RegistryScheme.Https, "registry-1.docker.io", "/v2/")] // no registry answers there
    public async Task Host_HasASchemeAndAPath(string address, RegistryScheme scheme, string host, string path)
    {
        WriteHosts($"[host.\"{address}\"]");

        RegistryEndpoint mirror = Assert.Single((await _machine.RouteAsync("reg.example")).Mirrors);

        Assert.Equal((scheme, host, path), (mirror.Scheme, mirror.Host, mirror.ApiPath));
    }

    [Theory]
    [InlineData("https://m.example", "/")]
    [InlineData("https://m.example/v2/upstream", "/v2/upstream/")]
    [InlineData("https://m.example/api/docker", "/api/docker/")]
    public async Task OverridePath_TakesThePathAsItIs(string address, string path)
    {
        WriteHosts($"[host.\"{address}\"]\noverride_path = true");

        Assert.Equal(path, Assert.Single((await _machine.RouteAsync("reg.example")).Mirrors).ApiPath);
    }

    [Theory]
    [InlineData("ftp://m.example", "neither http nor https")]
    [InlineData("file:///etc/passwd", "neither http nor https")]
    [InlineData("://m.example", "neither http nor https")]
    [InlineData("https://user:hidden-secret@m.example", "user information")]
    [InlineData("https://hidden-secret@m.example/v2", "user information")]
    [InlineData("https://m.example?x=hidden-secret", "query")]
    [InlineData("https://m.example/#hidden-secret", "fragment")]
    [InlineData("https://", "not a host")]
    [InlineData("https:///v2", "not a host")]
    [InlineData("https://m_example", "not a host")]
    [InlineData("https://m.example:99999", "not a host")]
    [InlineData("https://m.example:", "not a host")]
    [InlineData("https://m.example\\\\evil.example", "not a host")]
    [InlineData("https://m.example/a b", "characters")]
    [InlineData("https://m.example/%2e%2e", "characters")] // what is escaped would not be cleaned
    [InlineData("https://m.example/a\\r\\nHost: evil", "characters")]
    public async Task Host_RefusesAnAddressThatIsNone(string address, string fault)
    {
        WriteHosts($"\n[host.\"{address}\"]");

        DocumentFormatException error = await _machine.FailsAsync("reg.example");

        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
        Assert.Contains("hosts.toml' is malformed at line 2", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-secret", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", Everything)] // nothing said is everything
    [InlineData("capabilities = []", Everything)] // … and so is nothing listed
    [InlineData("capabilities = [\"pull\"]", RegistryCapabilities.Pull)]
    [InlineData("capabilities = [\"resolve\"]", RegistryCapabilities.Resolve)]
    [InlineData("capabilities = [\"push\"]", RegistryCapabilities.Push)]
    [InlineData("capabilities = [\"Pull\", \"RESOLVE\"]", RegistryCapabilities.Pull | RegistryCapabilities.Resolve)] // no case
    [InlineData("capabilities = [\"pull\", \"pull\"]", RegistryCapabilities.Pull)]
    public async Task Capabilities_SayWhatAHostMayBeAsked(string line, RegistryCapabilities expected)
    {
        WriteHosts($"[host.\"https://m.example\"]\n{line}");

        Assert.Equal(expected, Assert.Single((await _machine.RouteAsync("reg.example")).Mirrors).Capabilities);
    }

    [Fact]
    public async Task Root_IsAboutTheServer()
    {
        WriteHosts("""
            server = "https://upstream.example/mirror"
            capabilities = ["pull"]
            skip_verify = true
            override_path = true
            dial_timeout = "1m30s"
            [header]
            x-one = "a"
            [host."https://m.example"]
            """);

        RegistryRoute route = await _machine.RouteAsync("reg.example");

        RegistryEndpoint upstream = Assert.IsType<RegistryEndpoint>(route.Upstream);
        Assert.Equal(("/mirror/", RegistryCapabilities.Pull, true), (upstream.ApiPath, upstream.Capabilities, upstream.IsInsecure));
        Assert.Equal(TimeSpan.FromSeconds(90), upstream.ConnectTimeout);
        Assert.Equal("a", upstream.Headers["X-One"]);
        RegistryEndpoint mirror = Assert.Single(route.Mirrors);
        Assert.Equal((false, null), (mirror.IsInsecure, mirror.ConnectTimeout));
        Assert.Empty(mirror.Headers);
    }

    [Theory]
    [InlineData("reg.example", "reg.example", RegistryScheme.Automatic)]
    [InlineData("docker.io", "registry-1.docker.io", RegistryScheme.Automatic)] // what Docker Hub answers under
    [InlineData("localhost:5000", "localhost:5000", RegistryScheme.Automatic)]
    public async Task Server_IsTheRegistryItselfWhereNoneIsNamed(string registry, string host, RegistryScheme scheme)
    {
        _machine.Write($"hosts/{registry}/hosts.toml", "capabilities = [\"pull\"]\n[host.\"https://m.example\"]");

        RegistryEndpoint? upstream = (await _machine.RouteAsync(registry)).Upstream;

        Assert.Equal((host, scheme, "/v2/"), (upstream?.Host, upstream?.Scheme, upstream?.ApiPath));
        Assert.Equal(Everything, upstream?.Capabilities); // what the root says counts with a server only
    }

    [Theory]
    [InlineData("https://m.example", "true", RegistryScheme.Https)]
    [InlineData("http://m.example:5000", "true", RegistryScheme.Automatic)] // https first, then http
    [InlineData("http://m.example:80", "true", RegistryScheme.Http)] // the port says which
    [InlineData("http://m.example", "true", RegistryScheme.Http)]
    [InlineData("http://m.example:5000", "false", RegistryScheme.Http)]
    public async Task SkipVerify_AcceptsAnyCertificate(string address, string value, RegistryScheme scheme)
    {
        WriteHosts($"[host.\"{address}\"]\nskip_verify = {value}");

        RegistryEndpoint mirror = Assert.Single((await _machine.RouteAsync("reg.example")).Mirrors);

        Assert.Equal((scheme, value == "true"), (mirror.Scheme, mirror.IsInsecure));
    }

    [Theory]
    [InlineData("reg.example", RegistryScheme.Https)] // any certificate, but not plain http
    [InlineData("127.0.0.1:5000", RegistryScheme.Automatic)]
    public async Task SkipVerify_OfTheRegistryItselfIsNoWayToPlainHttp(string registry, RegistryScheme scheme)
    {
        _machine.Write($"hosts/{registry}/hosts.toml", "skip_verify = true");

        RegistryEndpoint? upstream = (await _machine.RouteAsync(registry)).Upstream;

        Assert.Equal((scheme, true), (upstream?.Scheme, upstream?.IsInsecure));
    }

    [Fact]
    public async Task Header_HasOneValueOrSeveral()
    {
        WriteHosts("""
            [host."https://m.example".header]
            X-One = "a b"
            x-two = ["a", "b"]
            Authorization = "Basic eA=="
            """);

        RegistryEndpoint mirror = Assert.Single((await _machine.RouteAsync("reg.example")).Mirrors);

        Assert.Equal(3, mirror.Headers.Count);
        Assert.Equal(("a b", "a, b", "Basic eA=="), (mirror.Headers["x-one"], mirror.Headers["X-Two"], mirror.Headers["authorization"]));
    }

    [Theory]
    [InlineData("x = \"hidden-secret\\r\\nHost: evil\"")] // a line of its own
    [InlineData("x = \"hidden-secret\\n\"")]
    [InlineData("x = \"hidden-secret\\u0000\"")]
    [InlineData("x = \"hidden-secret é\"")]
    [InlineData("\"x\\r\\ny\" = \"hidden-secret\"")]
    [InlineData("\"x y\" = \"hidden-secret\"")] // no name of a field
    [InlineData("\"\" = \"hidden-secret\"")]
    [InlineData("x = [\"hidden-secret\", \"b\\nc\"]")]
    [InlineData("x = [\"hidden-secret\", 1]")]
    [InlineData("x = 1 # hidden-secret")]
    [InlineData("x.y = \"hidden-secret\"")]
    [InlineData("Host = \"hidden-secret\"")] // the client's own
    [InlineData("content-length = \"hidden-secret\"")]
    [InlineData("Transfer-Encoding = \"hidden-secret\"")]
    [InlineData("Range = \"hidden-secret\"")]
    [InlineData("a = \"hidden-secret\"\nA = \"hidden-secret\"")] // one field twice
    public async Task Header_RefusesWhatNoRequestMayHave(string line)
    {
        WriteHosts($"[host.\"https://m.example\".header]\n{line}");

        DocumentFormatException error = await _machine.FailsAsync("reg.example");

        Assert.DoesNotContain("hidden-secret", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("at line", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Header_IsBounded()
    {
        WriteHosts("[header]\n" + string.Concat(Enumerable.Range(0, 65).Select(i => $"x{i} = \"\"\n")));

        Assert.Contains("more than 64", (await _machine.FailsAsync("reg.example")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_AreRelativeToTheFileAndReadOnce()
    {
        (string ca, _) = HostsFixture.Certificate("ca");
        (string other, _) = HostsFixture.Certificate("other");
        (string client, string key) = HostsFixture.Certificate("client");
        _machine.Write("hosts/reg.example/sub/ca.pem", ca + other);
        string absolute = _machine.Write("elsewhere/both.pem", client + key);
        WriteHosts($"""
            [host."https://m.example"]
            ca = "sub/ca.pem"
            client = "{absolute}"
            """);

        RegistryEndpoint first = Assert.Single((await _machine.RouteAsync("reg.example", "a")).Mirrors);
        RegistryEndpoint second = Assert.Single((await _machine.RouteAsync("reg.example", "b")).Mirrors);

        Assert.NotNull(first.Certificates);
        Assert.Same(first.Certificates, second.Certificates);
        Assert.Equal(["CN=ca", "CN=other"], first.Certificates.Authorities.Select(certificate => certificate.Subject));
        Assert.True(Assert.Single(first.Certificates.Clients).HasPrivateKey);
    }

    [Theory]
    [InlineData("ca = [\"a.pem\", \"b.pem\"]", 2, 0)]
    [InlineData("ca = []", 0, 0)]
    [InlineData("client = \"a-both.pem\"", 0, 1)]
    [InlineData("client = [\"a-both.pem\", \"b-both.pem\"]", 0, 2)]
    [InlineData("client = [[\"a.pem\", \"a.key\"], [\"b-both.pem\", \"\"]]", 0, 2)] // an empty key is the same file
    [InlineData("client = [\"a-both.pem\", [\"b.pem\", \"b.key\"]]", 0, 2)]
    public async Task Certificates_ArePathsOrArraysOfThem(string line, int authorities, int clients)
    {
        WritePairs("a", "b");
        WriteHosts($"[host.\"https://m.example\"]\n{line}");

        RegistryCertificates? found = Assert.Single((await _machine.RouteAsync("reg.example")).Mirrors).Certificates;

        Assert.Equal((authorities, clients), (found?.Authorities.Count ?? 0, found?.Clients.Count ?? 0));
        Assert.All(found?.Clients ?? [], (X509Certificate2 certificate) => Assert.True(certificate.HasPrivateKey));
    }

    [Theory]
    [InlineData("ca = 1", "at line 2")]
    [InlineData("ca = [[\"a.pem\"]]", "at line 2")]
    [InlineData("ca = \"\"", "at line 2")] // no path
    [InlineData("ca = \"a\\u0000\"", "at line 2")]
    [InlineData("ca = \"absent.pem\"", "absent.pem' cannot be read")]
    [InlineData("ca = \"a.key\"", "no certificate")]
    [InlineData("client = true", "at line 2")]
    [InlineData("client = [[\"a.pem\"]]", "at line 2")] // half a pair
    [InlineData("client = [[\"a.pem\", \"a.key\", \"b.pem\"]]", "at line 2")]
    [InlineData("client = [[1, 2]]", "at line 2")]
    [InlineData("client = \"a.pem\"", "no key")]
    [InlineData("client = [[\"a.pem\", \"b.key\"]]", "no key in PEM that belongs")] // another's key
    [InlineData("client = [[\"a.pem\", \"absent.key\"]]", "absent.key' cannot be read")]
    public async Task Certificates_RefuseWhatIsNone(string line, string fault)
    {
        WritePairs("a", "b");
        WriteHosts($"[host.\"https://m.example\"]\n{line}");

        Assert.Contains(fault, (await _machine.FailsAsync("reg.example")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server = 1")]
    [InlineData("server = [\"https://a.example\"]")]
    [InlineData("host = \"https://a.example\"")]
    [InlineData("host = [1]")]
    [InlineData("[host]\n\"https://a.example\" = 1")]
    [InlineData("[[host.\"https://a.example\"]]")]
    [InlineData("capabilities = \"pull\"")]
    [InlineData("capabilities = [1]")]
    [InlineData("capabilities = [\"pull\", \"delete\"]")] // unknown
    [InlineData("capabilities = [\"\"]")]
    [InlineData("skip_verify = \"true\"")]
    [InlineData("override_path = 1")]
    [InlineData("header = \"x\"")]
    [InlineData("dial_timeout = 1")]
    [InlineData("dial_timeout = \"1\"")] // no unit
    [InlineData("dial_timeout = \"-1s\"")]
    [InlineData("dial_timeout = \"soon\"")]
    [InlineData("proxy = \"http://proxy.example\"")] // to go without one would be wrong
    [InlineData("[host.\"https://a.example\"]\nproxy = \"http://proxy.example\"")]
    [InlineData("server = \"https://a.example\"\nserver = \"https://b.example\"")] // twice
    [InlineData("[host.\"https://a.example\"]\n[host.\"https://a.example\"]")]
    [InlineData("server = ")]
    [InlineData("nonsense")]
    [InlineData("[host.\"https://a.example\"")]
    [InlineData("x = [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]")] // too deep
    [InlineData("a.b.c.d.e.f.g.h.i = 1")]
    public async Task File_RefusesWhatIsMalformed(string content)
    {
        WriteHosts(content);

        DocumentFormatException error = await _machine.FailsAsync("reg.example");

        Assert.Contains("hosts.toml' is malformed", error.Message, StringComparison.Ordinal);
        Assert.NotNull(await RecordedAsync("reg.example")); // and again, for the fault is not forgotten
        Assert.Null(await RecordedAsync("other.example")); // it is the affair of one registry
    }

    [Fact]
    public async Task File_QuotesNothingOfAMalformedLine()
    {
        WriteHosts("[header]\nAuthorization = \"hidden-secret\"\nAuthorization = \"hidden-secret\"\n");
        DocumentFormatException twice = await _machine.FailsAsync("reg.example");
        WriteHosts("[header]\nAuthorization hidden-secret");
        DocumentFormatException noToml = await _machine.FailsAsync("reg.example");

        Assert.DoesNotContain("hidden-secret", twice.ToString() + noToml, StringComparison.Ordinal);
        Assert.Contains("line 3", twice.Message, StringComparison.Ordinal);
        Assert.Contains("line 2", noToml.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_KeepsUnknownKeysApart()
    {
        WriteHosts("future = 1979-05-27\n[host.\"https://m.example\"]\nfuture = { a = 1.5 }\n[more.tables]\n[[and.arrays]]");

        Assert.Equal("m.example", Assert.Single((await _machine.RouteAsync("reg.example")).Mirrors).Host);
    }

    [Fact]
    public async Task File_IsBounded()
    {
        WriteHosts(new string('#', 1024 * 1024 + 1));

        Assert.Contains("1048576 bytes", (await _machine.FailsAsync("reg.example")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_MayBeAsLargeAsTheLimit()
    {
        const string last = "[host.\"https://m.example\"]";
        WriteHosts(new string('#', 1024 * 1024 - last.Length - 1) + "\n" + last);

        Assert.Equal("m.example", Assert.Single((await _machine.RouteAsync("reg.example")).Mirrors).Host);
    }

    [Fact]
    public async Task File_MayBeAPipe()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pipes have names on Unix.");
        string path = _machine.Combine("pipe.conf");
        using var make = System.Diagnostics.Process.Start("mkfifo", path);
        await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        Task write = Task.Run(() => File.WriteAllText(path, "[[registry]]\nlocation = \"reg.example\"\nblocked = true"), TestContext.Current.CancellationToken);
        _machine.Options.RequiredRegistriesFiles = [path];

        RegistryRoute route = await Task.Run(() => _machine.RouteAsync("reg.example"), TestContext.Current.CancellationToken);
        await write;

        Assert.NotNull(route.BlockedBecause);
    }

    [Fact]
    public async Task File_MustBeUtf8()
    {
        await File.WriteAllBytesAsync(WriteHosts(""), [(byte)'#', 0xff, 0xfe], TestContext.Current.CancellationToken);

        Assert.Contains("not UTF-8", (await _machine.FailsAsync("reg.example")).Message, StringComparison.Ordinal);
    }

    private string WriteHosts(string content) => _machine.Write("hosts/reg.example/hosts.toml", content);

    private void WritePairs(params string[] names)
    {
        foreach (string name in names)
        {
            (string certificate, string key) = HostsFixture.Certificate(name);
            _machine.Write($"hosts/reg.example/{name}.pem", certificate);
            _machine.Write($"hosts/reg.example/{name}.key", key);
            _machine.Write($"hosts/reg.example/{name}-both.pem", key + certificate);
        }
    }

    private async Task<Exception?> RecordedAsync(string registry) => await Record.ExceptionAsync(() => _machine.FindAsync(registry));
}
