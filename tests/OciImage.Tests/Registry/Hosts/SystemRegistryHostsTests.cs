using OciImage.Registry;
using OciImage.Registry.Hosts;

namespace OciImage.Tests.Registry.Hosts;

public sealed class SystemRegistryHostsTests : IDisposable
{
    private readonly HostsFixture _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task Route_IsNoneWithoutFiles()
    {
        Assert.Null(await _machine.FindAsync("reg.example"));
        Assert.Null(await new SystemRegistryHosts(new SystemRegistryHostsOptions()).GetRouteAsync("reg.example", "", TestContext.Current.CancellationToken));
    }

    // Row by row one file more, from the weakest to the strongest.
    [Theory]
    [InlineData("certs", "reg.example", null)]
    [InlineData("certs,default", "default.example", null)]
    [InlineData("certs,default,rule", "rule.example", null)]
    [InlineData("certs,default,rule,hosts", "hosts.example", null)]
    [InlineData("certs,default,blocked,hosts", null, "is blocked by")]
    public async Task Route_IsThatOfTheStrongestFile(string files, string? upstream, string? blocked)
    {
        string[] names = files.Split(',');
        (string ca, _) = HostsFixture.Certificate("ca");
        Action write = names.Select(name => (Action)(name switch
        {
            "certs" => () => _machine.Write("certs/reg.example/ca.crt", ca),
            "default" => () => _machine.Write("hosts/_default/hosts.toml", "server = \"https://default.example\""),
            "rule" => () => _machine.Write("registries.conf", "[[registry]]\nprefix = \"reg.example\"\nlocation = \"rule.example\""),
            "blocked" => () => _machine.Write("registries.conf", "[[registry]]\nlocation = \"reg.example\"\nblocked = true"),
            _ => () => _machine.Write("hosts/reg.example/hosts.toml", "server = \"https://hosts.example\""),
        })).Aggregate((left, right) => left + right);
        write();

        RegistryRoute route = await _machine.RouteAsync("reg.example");

        Assert.Equal(upstream, route.Upstream?.Host);
        Assert.Equal(blocked is not null, route.BlockedBecause?.Contains(blocked!, StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public async Task Route_DoesNotMixTwoFiles()
    {
        _machine.Write("registries.conf", "[[registry]]\nlocation = \"reg.example\"\ninsecure = true\n[[registry.mirror]]\nlocation = \"rule.example\"");
        _machine.Write("hosts/reg.example/hosts.toml", "[host.\"https://hosts.example\"]");

        RegistryRoute route = await _machine.RouteAsync("reg.example");

        Assert.Equal("hosts.example", Assert.Single(route.Mirrors).Host);
        Assert.False(route.Upstream?.IsInsecure);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../reg")]
    [InlineData("reg/example")]
    [InlineData("_default")]
    [InlineData("reg.example:0")]
    [InlineData("https://reg.example")]
    public async Task Route_IsOfARegistry(string registry) =>
        await Assert.ThrowsAsync<ArgumentException>(() => _machine.FindAsync(registry));

    [Fact]
    public async Task Route_GivesManyThreadsTheSameCertificates()
    {
        (string ca, _) = HostsFixture.Certificate("ca");
        _machine.Write("hosts/reg.example/ca.pem", ca);
        _machine.Write("hosts/reg.example/hosts.toml", "ca = \"ca.pem\"\n[host.\"https://m.example\"]\nca = \"ca.pem\"");

        RegistryRoute[] routes = await Task.WhenAll(
            Enumerable.Range(0, 32).Select(i => Task.Run(() => _machine.RouteAsync("reg.example", $"app{i}"))));

        RegistryCertificates one = Assert.Single(routes.Select(route => route.Upstream!.Certificates!).Distinct());
        Assert.All(routes, route => Assert.Same(one, route.Mirrors[0].Certificates)); // the same files, wherever they are named
    }

    [Fact]
    public async Task Options_AreCopied()
    {
        _machine.Write("hosts/reg.example/hosts.toml", "[host.\"https://m.example\"]");
        var roots = new List<string> { _machine.Combine("hosts") };
        var options = new SystemRegistryHostsOptions { HostsDirectories = roots };
        var hosts = new SystemRegistryHosts(options);
        roots.Clear();
        options.HostsDirectories = [];

        Assert.NotNull(await hosts.GetRouteAsync("reg.example", "app", TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentNullException>(() => options.CertificateDirectories = null!);
    }

    [Fact]
    public async Task Route_CanBeCancelled()
    {
        _machine.Write("registries.conf", "");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await _machine.Hosts.GetRouteAsync("reg.example", "app", new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task File_WithAKeyThatIsEncryptedIsRefused()
    {
        (string certificate, string key) = HostsFixture.CertificateWithPassword("client");
        _machine.Write("hosts/reg.example/both.pem", certificate + "\n" + key);
        _machine.Write("hosts/reg.example/hosts.toml", "client = \"both.pem\"");

        Assert.Contains("both.pem' has an encrypted key", (await _machine.FailsAsync("reg.example")).Message, StringComparison.Ordinal);
    }
}
