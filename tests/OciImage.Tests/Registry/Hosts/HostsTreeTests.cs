using OciImage.Registry;
using OciImage.Registry.Hosts;

namespace OciImage.Tests.Registry.Hosts;

public sealed class HostsTreeTests : IDisposable
{
    private readonly HostsFixture _machine = new();

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData("reg.example", "reg.example", true)]
    [InlineData("reg.example:5000", "reg.example_5000_", true)]
    [InlineData("reg.example:5000", "_default", true)]
    [InlineData("reg.example:5000", "reg.example", false)] // another registry
    [InlineData("reg.example", "reg.example_443_", false)]
    [InlineData("reg.example:5000", "reg.example_5000", false)] // not a name of containerd's
    [InlineData("docker.io", "docker.io", true)]
    [InlineData("index.docker.io", "docker.io", true)] // the same registry
    [InlineData("docker.io", "registry-1.docker.io", false)] // what users call it counts
    [InlineData("Reg.Example", "reg.example", true)] // hosts have no case
    [InlineData("sub.reg.example", "reg.example", false)]
    public async Task Directory_IsNamedAfterTheRegistry(string registry, string directory, bool found)
    {
        _machine.Write($"hosts/{directory}/hosts.toml", "[host.\"https://m.example\"]");

        Assert.Equal(found, await _machine.FindAsync(registry) is not null);
    }

    [Fact]
    public async Task Directory_MayHaveAColon()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No name on Windows has a colon.");
        _machine.Write("hosts/reg.example:5000/hosts.toml", "[host.\"https://colon.example\"]");
        RegistryRoute colon = await _machine.RouteAsync("reg.example:5000");
        _machine.Write("hosts/reg.example_5000_/hosts.toml", "[host.\"https://underscore.example\"]");
        RegistryRoute both = await _machine.RouteAsync("reg.example:5000");

        Assert.Equal("colon.example", colon.Mirrors[0].Host);
        Assert.Equal("underscore.example", both.Mirrors[0].Host);
    }

    [Fact]
    public void Directory_IsLookedForInContainerdsOrder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No name on Windows has a colon.");

        Assert.Equal(["reg.example_5000_", "reg.example:5000"], HostsDirectory.NamesOf("reg.example:5000"));
        Assert.Equal(["reg.example"], HostsDirectory.NamesOf("reg.example"));
        Assert.Equal(["[::1]_5000_", "[::1]:5000"], HostsDirectory.NamesOf("[::1]:5000"));
        Assert.Equal(["Reg.Example", "reg.example"], HostsDirectory.NamesOf("Reg.Example"));
    }

    [Fact]
    public async Task Default_StandsForRegistriesWithoutADirectory()
    {
        _machine.Write("hosts/_default/hosts.toml", "[host.\"https://default.example\"]");
        _machine.Write("hosts/reg.example/hosts.toml", "[host.\"https://own.example\"]");
        _machine.MakeDirectory("hosts/empty.example");

        Assert.Equal("own.example", (await _machine.RouteAsync("reg.example")).Mirrors[0].Host);
        RegistryRoute other = await _machine.RouteAsync("other.example");
        Assert.Equal("default.example", other.Mirrors[0].Host);
        Assert.Equal("other.example", other.Upstream?.Host);
        Assert.Null(await _machine.FindAsync("empty.example")); // a directory of its own, with nothing in it
    }

    [Fact]
    public async Task Trees_AreLookedThroughInOrder()
    {
        _machine.Write("hosts/reg.example/hosts.toml", "[host.\"https://second.example\"]");
        _machine.MakeDirectory("user-hosts/reg.example");
        RegistryRoute second = await _machine.RouteAsync("reg.example");
        _machine.Write("user-hosts/reg.example/hosts.toml", "");
        RegistryRoute empty = await _machine.RouteAsync("reg.example");
        _machine.Write("user-hosts/reg.example/hosts.toml", "[host.\"https://first.example\"]");
        RegistryRoute first = await _machine.RouteAsync("reg.example");

        Assert.Equal("second.example", second.Mirrors[0].Host);
        Assert.Equal("second.example", empty.Mirrors[0].Host); // an empty file is none
        Assert.Equal("first.example", first.Mirrors[0].Host);
    }

    [Fact]
    public async Task File_IsReadOnce()
    {
        _machine.Write("hosts/reg.example/hosts.toml", "[host.\"https://old.example\"]");
        _ = await _machine.RouteAsync("reg.example");
        _machine.Write("hosts/reg.example/hosts.toml", "[host.\"https://new.example\"]");

        Assert.Equal("old.example", (await _machine.RouteAsync("reg.example", "other")).Mirrors[0].Host);
        Assert.Equal(
            "new.example",
            (await new SystemRegistryHosts(_machine.Options).GetRouteAsync("reg.example", "app", TestContext.Current.CancellationToken))?.Mirrors[0].Host);
    }

    [Fact]
    public async Task File_ThatCannotBeReadIsAnError()
    {
        // A directory in its place, since a test that runs as root may read every file.
        _machine.MakeDirectory("hosts/reg.example/hosts.toml");

        DocumentFormatException error = await _machine.FailsAsync("reg.example");

        Assert.Contains("hosts.toml' cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_CountWhereThereIsNoFile()
    {
        (string ca, _) = HostsFixture.Certificate("ca");
        (string client, string key) = HostsFixture.Certificate("client");
        _machine.Write("hosts/reg.example_5000_/ca.crt", ca);
        _machine.Write("hosts/reg.example_5000_/client.cert", client);
        _machine.Write("hosts/reg.example_5000_/client.key", key);
        _machine.Write("hosts/reg.example_5000_/both.cert", client + key); // containerd's, and nobody else's

        RegistryRoute route = await _machine.RouteAsync("reg.example:5000");

        Assert.Empty(route.Mirrors);
        Assert.Equal(("reg.example:5000", RegistryScheme.Automatic), (route.Upstream?.Host, route.Upstream?.Scheme));
        RegistryCertificates? found = route.Upstream?.Certificates;
        Assert.Equal((1, 2), (found?.Authorities.Count, found?.Clients.Count));
        Assert.Same(found, (await _machine.RouteAsync("reg.example:5000", "other")).Upstream?.Certificates);
    }

    [Fact]
    public async Task Certificates_BesideAFileCountOnlyWhereItNamesThem()
    {
        (string ca, _) = HostsFixture.Certificate("ca");
        _machine.Write("hosts/reg.example/ca.crt", ca);
        _machine.Write("hosts/reg.example/hosts.toml", "[host.\"https://m.example\"]");

        RegistryRoute route = await _machine.RouteAsync("reg.example");

        Assert.Null(route.Upstream?.Certificates);
        Assert.Null(route.Mirrors[0].Certificates);
    }

    [Fact]
    public async Task Certificates_OfAMirrorAreLookedForUnderItsHost()
    {
        (string ca, _) = HostsFixture.Certificate("ca");
        (string other, _) = HostsFixture.Certificate("other");
        (string all, _) = HostsFixture.Certificate("all");
        _machine.Write("certs/m.example/ca.crt", ca);
        _machine.Write("hosts/reg.example/other.pem", other);
        _machine.Write("hosts/_default/all.crt", all);
        _machine.Write("hosts/reg.example/hosts.toml", """
            [host."https://m.example"]
            [host."https://n.example"]
            [host."http://m.example"]
            ca = "other.pem"
            """);

        RegistryRoute route = await _machine.RouteAsync("reg.example");

        Assert.Equal("CN=ca", route.Mirrors[0].Certificates?.Authorities[0].Subject);
        Assert.Null(route.Mirrors[1].Certificates); // what is for all registries is not for mirrors
        Assert.Equal("CN=other", Assert.Single(route.Mirrors[2].Certificates!.Authorities).Subject); // its own win
    }
}
