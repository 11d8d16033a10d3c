using OciImage.Registry;

namespace OciImage.Tests.Registry.Hosts;

public sealed class RegistriesRuleTests : IDisposable
{
    private readonly HostsFixture _machine = new();

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData("reg.example", "reg.example", "app", true)]
    [InlineData("reg.example", "reg.example", "", true)] // the registry as a whole
    [InlineData("reg.example", "REG.example", "app", true)] // hosts have no case
    [InlineData("reg.example/", "reg.example", "app", true)] // a slash at the end means nothing
    [InlineData("reg.example", "reg.example:5000", "app", false)] // another registry
    [InlineData("reg.example:5000", "reg.example:5000", "app", true)]
    [InlineData("reg.example:5000", "reg.example", "app", false)]
    [InlineData("reg.example", "reg.example.org", "app", false)]
    [InlineData("reg.example", "areg.example", "app", false)]
    [InlineData("reg.example/team", "reg.example", "team/app", true)]
    [InlineData("reg.example/team", "reg.example", "team", true)]
    [InlineData("reg.example/team", "reg.example", "teams/app", false)] // half a part
    [InlineData("reg.example/team", "reg.example", "", false)]
    [InlineData("reg.example/team/app", "reg.example", "team/app", true)]
    [InlineData("reg.example/team/app", "reg.example", "team/app/more", true)]
    [InlineData("reg.example/team/app", "reg.example", "team/application", false)]
    [InlineData("docker.io", "index.docker.io", "library/app", true)] // the same registry
    [InlineData("docker.io/library", "docker.io", "library/app", true)]
    [InlineData("docker.io/app", "docker.io", "library/app", false)] // the name is the full one
    [InlineData("*.example", "reg.example", "app", true)]
    [InlineData("*.example", "a.b.example", "app", true)] // any number of names
    [InlineData("*.example", "reg.example:5000", "app", true)] // and any port
    [InlineData("*.example", "example", "app", false)]
    [InlineData("*.reg.example", "areg.example", "app", false)]
    [InlineData("*.reg.example", "reg.example", "app", false)]
    [InlineData("*.example", "reg.example.org", "app", false)]
    [InlineData("*.example", "evil.org", "reg.example/app", false)] // no part of a host
    public async Task Prefix_MatchesWholeParts(string prefix, string registry, string repository, bool matches)
    {
        _machine.Write("registries.conf", $"[[registry]]\nprefix = \"{prefix}\"\nlocation = \"x.example\"\nblocked = true");

        RegistryRoute? route = await _machine.FindAsync(registry, repository);

        Assert.Equal(matches, route?.BlockedBecause is not null);
    }

    [Fact]
    public async Task Prefix_ThatIsLongestWins()
    {
        _machine.Write("registries.conf", """
            [[registry]]
            prefix = "reg.example"
            location = "one.example"
            [[registry]]
            prefix = "reg.example/team/app"
            location = "three.example/app"
            [[registry]]
            prefix = "reg.example/team"
            location = "two.example"
            [[registry]]
            prefix = "*.example"
            location = "wild.example"
            [[registry]]
            prefix = "*.deep.example"
            location = "deep.example"
            """);

        Assert.Equal("one.example", (await _machine.RouteAsync("reg.example", "other/app")).Upstream?.Host);
        Assert.Equal("two.example", (await _machine.RouteAsync("reg.example", "team/other")).Upstream?.Host);
        Assert.Equal("three.example", (await _machine.RouteAsync("reg.example", "team/app")).Upstream?.Host);
        Assert.Equal("wild.example", (await _machine.RouteAsync("other.example", "team/app")).Upstream?.Host);
        Assert.Equal("deep.example", (await _machine.RouteAsync("a.deep.example", "team/app")).Upstream?.Host);
    }

    [Theory]
    [InlineData("reg.example", "m.example", "team/app", "m.example", null)]
    [InlineData("reg.example", "m.example/cache", "team/app", "m.example", "cache/team/app")]
    [InlineData("reg.example", "m.example:5000/a/b/", "app", "m.example:5000", "a/b/app")]
    [InlineData("reg.example/team", "m.example/other", "team/app", "m.example", "other/app")]
    [InlineData("reg.example/team", "m.example/other", "team", "m.example", "other")]
    [InlineData("reg.example/team", "m.example", "team/app", "m.example", "app")]
    [InlineData("reg.example/team", "m.example/team", "team/app", "m.example", null)] // the same name
    [InlineData("reg.example/team/app", "m.example/x", "team/app/more", "m.example", "x/more")]
    [InlineData("reg.example", "m.example/cache", "", "m.example", null)] // what belongs to no repository
    [InlineData("reg.example", "docker.io", "app", "registry-1.docker.io", "library/app")] // Docker Hub's way of naming
    [InlineData("reg.example", "docker.io/team", "app", "registry-1.docker.io", "team/app")]
    [InlineData("reg.example", "reg.example/sub", "app", "reg.example", "sub/app")]
    public async Task Location_ReplacesWhatThePrefixCovers(
        string prefix, string location, string repository, string host, string? expected)
    {
        _machine.Write("registries.conf", $"""
            [[registry]]
            prefix = "{prefix}"
            location = "{location}"
            [[registry.mirror]]
            location = "{location}"
            """);

        RegistryRoute route = await _machine.RouteAsync("reg.example", repository);

        Assert.Equal((host, expected), (route.Upstream?.Host, route.Upstream?.Repository));
        Assert.Equal((host, expected), (route.Mirrors[0].Host, route.Mirrors[0].Repository));
        Assert.Equal(("/v2/", RegistryScheme.Automatic), (route.Mirrors[0].ApiPath, route.Mirrors[0].Scheme));
    }

    [Theory]
    [InlineData("location = \"m.example\"", "m.example:5000", null)] // the port is what is left of the host
    [InlineData("location = \"m.example:80\"", "m.example:80", null)]
    [InlineData("location = \"m.example/cache\"", "m.example", "cache/app")]
    [InlineData("insecure = true", "a.reg.example:5000", null)] // no location changes nothing
    public async Task Wildcard_ReplacesTheHost(string line, string host, string? repository)
    {
        _machine.Write("registries.conf", $"[[registry]]\nprefix = \"*.reg.example\"\n{line}");

        RegistryEndpoint? upstream = (await _machine.RouteAsync("a.reg.example:5000")).Upstream;

        Assert.Equal((host, repository), (upstream?.Host, upstream?.Repository));
    }

    [Fact]
    public async Task Location_RefusesANameThatNoRepositoryHas()
    {
        string path = new('p', 200);
        _machine.Write("registries.conf", $"""
            [[registry]]
            prefix = "reg.example/team"
            location = "m.example"
            [[registry]]
            prefix = "long.example"
            location = "m.example/{path}"
            """);

        DocumentFormatException nothing = await _machine.FailsAsync("reg.example", "team");
        DocumentFormatException tooLong = await _machine.FailsAsync("long.example", new string('r', 100));

        Assert.Contains("line 1", nothing.Message, StringComparison.Ordinal);
        Assert.Contains("no valid name", tooLong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mirrors_AreInOrderAndInsecureOneByOne()
    {
        _machine.Write("registries.conf", """
            [[registry]]
            location = "reg.example"
            [[registry.mirror]]
            location = "z.example"
            [[registry.mirror]]
            location = "a.example"
            insecure = true
            """);

        RegistryRoute route = await _machine.RouteAsync("reg.example");

        Assert.Equal([("z.example", false), ("a.example", true)], route.Mirrors.Select(mirror => (mirror.Host, mirror.IsInsecure)));
        Assert.Null(route.Upstream); // nothing is special about it
    }

    [Theory]
    [InlineData("", "", RegistryCapabilities.Pull | RegistryCapabilities.Resolve)]
    [InlineData("", "pull-from-mirror = \"\"", RegistryCapabilities.Pull | RegistryCapabilities.Resolve)]
    [InlineData("", "pull-from-mirror = \"all\"", RegistryCapabilities.Pull | RegistryCapabilities.Resolve)]
    [InlineData("", "pull-from-mirror = \"digest-only\"", RegistryCapabilities.Pull)]
    [InlineData("", "pull-from-mirror = \"tag-only\"", RegistryCapabilities.Resolve | RegistryCapabilities.PullResolved)]
    [InlineData("mirror-by-digest-only = true", "", RegistryCapabilities.Pull)]
    [InlineData("mirror-by-digest-only = false", "pull-from-mirror = \"tag-only\"", RegistryCapabilities.Resolve | RegistryCapabilities.PullResolved)]
    public async Task PullFromMirror_SaysWhatAMirrorMayBeAsked(string registry, string mirror, RegistryCapabilities expected)
    {
        _machine.Write("registries.conf", $"""
            [[registry]]
            location = "reg.example"
            {registry}
            [[registry.mirror]]
            location = "m.example"
            {mirror}
            """);

        Assert.Equal(expected, Assert.Single((await _machine.RouteAsync("reg.example")).Mirrors).Capabilities);
    }

    [Theory]
    [InlineData("insecure = true", true)]
    [InlineData("insecure = false", false)]
    [InlineData("", false)]
    public async Task Insecure_AcceptsAnyCertificateAndPlainHttp(string line, bool insecure)
    {
        _machine.Write("registries.conf", $"[[registry]]\nlocation = \"reg.example\"\n{line}");

        RegistryEndpoint? upstream = (await _machine.FindAsync("reg.example"))?.Upstream;

        Assert.Equal(insecure, upstream is not null);
        Assert.Equal((insecure, RegistryScheme.Automatic), (upstream?.IsInsecure ?? false, upstream?.Scheme ?? default));
    }

    [Fact]
    public async Task Blocked_SaysWhereAndLeavesTheMirrors()
    {
        _machine.Write("registries.conf", "\n[[registry]]\nlocation = \"reg.example/team\"\nblocked = true\n[[registry.mirror]]\nlocation = \"m.example/team\"");

        RegistryRoute route = await _machine.RouteAsync("reg.example", "team/app");

        Assert.Equal($"'reg.example/team' is blocked by '{_machine.Combine("registries.conf")}', line 2.", route.BlockedBecause);
        Assert.Null(route.Upstream);
        Assert.Equal("m.example", Assert.Single(route.Mirrors).Host); // as skopeo does: the source is never asked, its mirrors are
        Assert.Null(await _machine.FindAsync("reg.example", "other/app"));
    }

    [Fact]
    public async Task Blocked_CountsForThePlaceThatARuleLeadsTo()
    {
        _machine.Write("registries.conf", """
            [[registry]]
            location = "closed.example/team"
            blocked = true
            [[registry]]
            prefix = "moved.example"
            location = "closed.example/team"
            blocked = true
            [[registry]]
            prefix = "around.example"
            location = "closed.example"
            [[registry.mirror]]
            location = "closed.example"
            [[registry.mirror]]
            location = "open.example"
            [[registry]]
            location = "docker.io/library"
            blocked = true
            [[registry]]
            prefix = "hub.example"
            location = "docker.io"
            """);

        RegistryRoute around = await _machine.RouteAsync("around.example", "team/app");

        Assert.Contains("'closed.example/team' is blocked", around.BlockedBecause, StringComparison.Ordinal);
        Assert.Null(around.Upstream);
        Assert.Equal("open.example", Assert.Single(around.Mirrors).Host);
        RegistryRoute open = await _machine.RouteAsync("around.example", "other/app");
        Assert.Equal((null, 2), (open.BlockedBecause, open.Mirrors.Count));
        Assert.NotNull((await _machine.RouteAsync("moved.example")).BlockedBecause);
        Assert.NotNull((await _machine.RouteAsync("hub.example")).BlockedBecause); // app is library/app there
    }

    [Theory]
    [InlineData("reg.example/app:v1")]
    [InlineData("reg.example/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public async Task Prefix_OfOneTagFailsTheRepositoryItIsOf(string prefix)
    {
        _machine.Write("registries.conf", $"[[registry]]\nprefix = \"{prefix}\"\nlocation = \"x.example\"\nblocked = true");

        Assert.Contains("one tag or digest", (await _machine.FailsAsync("reg.example", "app")).Message, StringComparison.Ordinal);
        Assert.Null(await _machine.FindAsync("reg.example", "other"));
        Assert.Null(await _machine.FindAsync("reg.example", "app/more"));
    }

    [Theory]
    [InlineData("proxy = \"http://proxy.example\"", "")]
    [InlineData("", "proxy = \"http://proxy.example\"")]
    [InlineData("", "namespace-proxy = \"other.example\"")]
    [InlineData("namespace-proxy = \"other.example\"", "")]
    public async Task Rule_ThatCannotBeHonouredFailsWhatItIsAbout(string registry, string mirror)
    {
        _machine.Write("registries.conf", $"[[registry]]\nlocation = \"reg.example\"\n{registry}\n[[registry.mirror]]\nlocation = \"m.example\"\n{mirror}");

        Assert.Contains("not supported", (await _machine.FailsAsync("reg.example")).Message, StringComparison.Ordinal);
        Assert.Null(await _machine.FindAsync("other.example"));
    }

    [Fact]
    public async Task NamespaceProxy_MayBeWhatMirrorsAreToldAnyway()
    {
        _machine.Write("registries.conf", "[[registry]]\nlocation = \"docker.io\"\n[[registry.mirror]]\nlocation = \"m.example\"\nnamespace-proxy = \"docker.io\"");

        Assert.Equal("m.example", Assert.Single((await _machine.RouteAsync("docker.io", "library/app")).Mirrors).Host);
    }

    [Fact]
    public async Task Certificates_AreLookedForUnderTheHostThatIsAsked()
    {
        (string ca, _) = HostsFixture.Certificate("ca");
        _machine.Write("certs/m.example/ca.crt", ca);
        _machine.Write("registries.conf", "[[registry]]\nprefix = \"reg.example\"\nlocation = \"other.example\"\n[[registry.mirror]]\nlocation = \"m.example/cache\"");

        RegistryRoute route = await _machine.RouteAsync("reg.example");

        Assert.Single(route.Mirrors[0].Certificates!.Authorities);
        Assert.Null(route.Upstream?.Certificates);
    }
}
