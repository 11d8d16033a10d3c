using OciImage.Registry;
using OciImage.Registry.Hosts;

namespace OciImage.Tests.Registry.Hosts;

public sealed class RegistryHostTableTests
{
    private static readonly RegistryRoute Mirrored = new() { Mirrors = [new RegistryEndpoint { Host = "m.example" }] };
    private static readonly RegistryRoute Other = new() { BlockedBecause = "It is the other one." };

    [Theory]
    [InlineData("reg.example", "reg.example", true)]
    [InlineData("reg.example", "REG.example", true)] // hosts have no case
    [InlineData("docker.io", "index.docker.io", true)] // one registry with two names
    [InlineData("index.docker.io", "docker.io", true)]
    [InlineData("reg.example", "reg.example:5000", false)]
    public async Task Route_IsThatOfTheRegistry(string set, string asked, bool found)
    {
        var table = new RegistryHostTable();
        table.Set(set, Mirrored);

        Assert.Same(found ? Mirrored : null, await FindAsync(table, asked));
    }

    [Fact]
    public async Task Route_MayDependOnTheRepository()
    {
        var table = new RegistryHostTable(new Always(Other));
        table.Set("reg.example", repository => repository.StartsWith("team/", StringComparison.Ordinal) ? Mirrored : null);

        Assert.Same(Mirrored, await FindAsync(table, "reg.example", "team/app"));
        Assert.Same(Other, await FindAsync(table, "reg.example", "app"));
    }

    [Fact]
    public async Task Fallback_IsAskedForWhatTheTableLacks()
    {
        var table = new RegistryHostTable(new Always(Other));
        table.Set("reg.example", Mirrored);

        Assert.Same(Mirrored, await FindAsync(table, "reg.example"));
        Assert.Same(Other, await FindAsync(table, "other.example"));
        Assert.True(table.Remove("Reg.Example"));
        Assert.False(table.Remove("reg.example"));
        Assert.Same(Other, await FindAsync(table, "reg.example"));
    }

    public static TheoryData<RegistryEndpoint> Malformed => new(
        new RegistryEndpoint { Host = "" },
        new RegistryEndpoint { Host = "m.example/path" }, // a path has its own place
        new RegistryEndpoint { Host = "user@m.example" },
        new RegistryEndpoint { Host = "https://m.example" },
        new RegistryEndpoint { Host = "m.example", ApiPath = "v2/" },
        new RegistryEndpoint { Host = "m.example", ApiPath = "/v2" },
        new RegistryEndpoint { Host = "m.example", ApiPath = "" },
        new RegistryEndpoint { Host = "m.example", ApiPath = "/a/../v2/" },
        new RegistryEndpoint { Host = "m.example", ApiPath = "/a//v2/" },
        new RegistryEndpoint { Host = "m.example", ApiPath = "/v2/?x=/" },
        new RegistryEndpoint { Host = "m.example", ApiPath = "/v2/\r\n/" },
        new RegistryEndpoint { Host = "m.example", Repository = "Team/app" },
        new RegistryEndpoint { Host = "m.example", Repository = "" },
        new RegistryEndpoint { Host = "m.example", Headers = new Dictionary<string, string> { ["x"] = "a\r\nb" } },
        new RegistryEndpoint { Host = "m.example", Headers = new Dictionary<string, string> { ["Host"] = "evil" } });

    [Theory]
    [MemberData(nameof(Malformed), DisableDiscoveryEnumeration = true)]
    public async Task Set_RefusesAMalformedPlace(RegistryEndpoint endpoint)
    {
        var table = new RegistryHostTable();
        table.Set("made.example", _ => new RegistryRoute { Upstream = endpoint });

        Assert.Throws<ArgumentException>(() => table.Set("reg.example", new RegistryRoute { Upstream = endpoint }));
        Assert.Throws<ArgumentException>(() => table.Set("reg.example", new RegistryRoute { Mirrors = [endpoint] }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await FindAsync(table, "made.example"));
        Assert.Null(await FindAsync(table, "reg.example"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v2/")]
    [InlineData("/api/docker/team/v2/")]
    public async Task Set_TakesAPathWithSlashesAtBothEnds(string path)
    {
        var table = new RegistryHostTable();
        table.Set("reg.example", new RegistryRoute { Upstream = new RegistryEndpoint { Host = "[::1]:5000", ApiPath = path } });

        Assert.Equal(path, (await FindAsync(table, "reg.example"))?.Upstream?.ApiPath);
    }

    [Theory]
    [InlineData("")]
    [InlineData("reg.example/team")]
    [InlineData("https://reg.example")]
    public void Set_IsOfARegistry(string registry)
    {
        var table = new RegistryHostTable();

        Assert.Throws<ArgumentException>(() => table.Set(registry, Mirrored));
        Assert.Throws<ArgumentException>(() => table.Remove(registry));
    }

    [Fact]
    public async Task Table_IsForManyThreads()
    {
        var table = new RegistryHostTable();
        await Parallel.ForAsync(0, 1000, TestContext.Current.CancellationToken, async (i, _) =>
        {
            table.Set($"r{i}.example", Mirrored);
            Assert.Same(Mirrored, await FindAsync(table, $"r{i}.example"));
        });

        Assert.Same(Mirrored, await FindAsync(table, "r0.example"));
    }

    private static async Task<RegistryRoute?> FindAsync(RegistryHostTable hosts, string registry, string repository = "app") =>
        await hosts.GetRouteAsync(registry, repository, TestContext.Current.CancellationToken);

    private sealed class Always(RegistryRoute route) : IRegistryHostProvider
    {
        public ValueTask<RegistryRoute?> GetRouteAsync(
            string registry, string repository, CancellationToken cancellationToken = default) => ValueTask.FromResult<RegistryRoute?>(route);
    }
}
