using OciImage.Registry.Hosts;

namespace OciImage.Tests.Registry.Hosts;

public sealed class ShortNamesTests : IDisposable
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private readonly HostsFixture _machine = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ShortNames Names => _machine.Hosts.ShortNames;

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData("debian", true)]
    [InlineData("debian:12", true)]
    [InlineData("app@" + Digest, true)]
    [InlineData("library/debian", true)]
    [InlineData("a.b", true)] // a dot without a slash is a name
    [InlineData("docker.io/debian", false)]
    [InlineData("localhost/debian", false)]
    [InlineData("reg:5000/debian", false)]
    [InlineData("reg.example/team/app:v1", false)]
    public void IsShort_IsWhatNamesNoRegistry(string reference, bool expected) => Assert.Equal(expected, ShortNames.IsShort(reference));

    [Theory]
    [InlineData("fedora", "reg.example/fedora:latest")]
    [InlineData("fedora:40", "reg.example/fedora:40")]
    [InlineData("fedora@" + Digest, "reg.example/fedora@" + Digest)]
    [InlineData("fedora:40@" + Digest, "reg.example/fedora:40@" + Digest)]
    [InlineData("team/app", "localhost:5000/other/app:latest")]
    [InlineData("alpine", "docker.io/library/alpine:latest")] // Docker Hub's way of naming
    [InlineData("docker.io/fedora", "docker.io/library/fedora:latest")] // not short
    [InlineData("other.example/fedora", "other.example/fedora:latest")]
    public async Task Resolve_TakesTheAliasWithTheTagAndDigest(string reference, string expected)
    {
        _machine.Write("registries.conf", """
            unqualified-search-registries = ["x.example", "y.example"]
            short-name-mode = "enforcing"
            [aliases]
            fedora = "reg.example/fedora"
            "team/app" = "localhost:5000/other/app"
            alpine = "docker.io/alpine"
            """);

        Assert.Equal(expected, (await Names.ResolveAsync(reference, Token)).ToString());
    }

    [Theory]
    [InlineData("debian", "reg.example/debian:latest")]
    [InlineData("library/debian:12", "reg.example/library/debian:12")]
    [InlineData("debian@" + Digest, "reg.example/debian@" + Digest)]
    public async Task Resolve_TakesTheOneSearchRegistry(string reference, string expected)
    {
        _machine.Write("registries.conf", "unqualified-search-registries = [\"reg.example\"]\nshort-name-mode = \"enforcing\"");

        Assert.Equal(expected, (await Names.ResolveAsync(reference, Token)).ToString());
    }

    [Theory]
    [InlineData("docker.io", "docker.io/library/debian:latest")]
    [InlineData("localhost:5000", "localhost:5000/debian:latest")]
    [InlineData("registry", "registry/debian:latest")] // a host that reads like a part of a name
    public async Task Resolve_NamesTheSearchRegistryAsItIs(string registry, string expected)
    {
        _machine.Write("registries.conf", $"unqualified-search-registries = [\"{registry}\"]");

        Assert.Equal(expected, (await Names.ResolveAsync("debian", Token)).ToString());
    }

    [Theory]
    [InlineData("")] // permissive where nothing is said
    [InlineData("short-name-mode = \"permissive\"")]
    [InlineData("short-name-mode = \"disabled\"")]
    public async Task Resolve_TakesTheFirstOfSeveralSearchRegistries(string line)
    {
        _machine.Write("registries.conf", $"unqualified-search-registries = [\"z.example\", \"a.example\"]\n{line}");

        Assert.Equal("z.example/debian:latest", (await Names.ResolveAsync("debian", Token)).ToString());
        Assert.Equal(
            ["z.example/debian:latest", "a.example/debian:latest"],
            (await Names.GetCandidatesAsync("debian", Token)).Select(candidate => candidate.ToString()));
    }

    [Fact]
    public async Task Resolve_RefusesAnAmbiguousNameWhereThatIsEnforced()
    {
        _machine.Write("registries.conf", "unqualified-search-registries = [\"z.example\", \"a.example\"]\nshort-name-mode = \"enforcing\"");

        var error = await Assert.ThrowsAsync<ShortNameException>(async () => await Names.ResolveAsync("debian:12", Token));

        Assert.Equal(["z.example/debian:12", "a.example/debian:12"], error.Candidates.Select(candidate => candidate.ToString()));
        Assert.Contains("'z.example/debian:12', 'a.example/debian:12'", error.Message, StringComparison.Ordinal);
        Assert.Equal(ShortNameMode.Enforcing, await Names.GetModeAsync(Token));
    }

    [Theory]
    [InlineData("debian", "docker.io/library/debian:latest")]
    [InlineData("team/app:v1", "docker.io/team/app:v1")]
    public async Task Resolve_IsDockersWithoutConfiguration(string reference, string expected)
    {
        var names = new ShortNames(new SystemRegistryHostsOptions());

        Assert.Equal(expected, (await names.ResolveAsync(reference, Token)).ToString());
        Assert.Equal(ShortNameMode.Permissive, await names.GetModeAsync(Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Debian")]
    [InlineData("a b")]
    [InlineData("debian@sha256:1")]
    [InlineData("../debian")]
    public async Task Resolve_RefusesWhatIsNoReference(string reference) =>
        await Assert.ThrowsAsync<FormatException>(async () => await Names.ResolveAsync(reference, Token));

    [Fact]
    public async Task Aliases_OfALaterFileWinAndMayBeTakenAway()
    {
        _machine.Write("registries.conf", "unqualified-search-registries = [\"s.example\"]\n[aliases]\na = \"one.example/a\"\nb = \"one.example/b\"\nc = \"one.example/c\"\nd = \"one.example/d\"");
        _machine.Write("registries.conf.d/x.conf", "[aliases]\nb = \"two.example/b\"\nc = \"\"");
        _machine.Write("short-name-aliases.conf", "unqualified-search-registries = [\"no.example\"]\n[aliases]\nd = \"three.example/d\"");

        var found = new List<string>();
        foreach (string name in new[] { "a", "b", "c", "d" })
        {
            found.Add((await Names.ResolveAsync(name, Token)).ToString());
        }

        Assert.Equal(["one.example/a:latest", "two.example/b:latest", "s.example/c:latest", "three.example/d:latest"], found);
    }

    [Fact]
    public async Task SearchRegistries_ComeFromTheLastFileThatNamesThem()
    {
        _machine.Write("registries.conf", "unqualified-search-registries = [\"one.example\", \"two.example\"]\nshort-name-mode = \"enforcing\"");
        _machine.Write("registries.conf.d/10.conf", "unqualified-search-registries = [\"three.example/\"]");
        _machine.Write("registries.conf.d/20.conf", "[aliases]\na = \"x.example/a\"");
        ShortNames names = Names;

        Assert.Equal("three.example/debian:latest", (await names.ResolveAsync("debian", Token)).ToString());
        _machine.Write("registries.conf.d/30.conf", "unqualified-search-registries = []");
        Assert.Equal("docker.io/library/debian:latest", (await new ShortNames(_machine.Options).ResolveAsync("debian", Token)).ToString());
    }

    [Fact]
    public async Task Resolve_FailsWithAMalformedFileOnlyForShortNames()
    {
        _machine.Write("registries.conf", "nonsense");

        await Assert.ThrowsAsync<DocumentFormatException>(async () => await Names.ResolveAsync("debian", Token));
        Assert.Equal(
            ["reg.example/debian:latest"],
            (await Names.GetCandidatesAsync("reg.example/debian", Token)).Select(candidate => candidate.ToString()));
    }
}
