using OciImage.Registry;
using OciImage.Registry.Hosts;

namespace OciImage.Tests.Registry.Hosts;

public sealed class RegistriesFileTests : IDisposable
{
    private readonly HostsFixture _machine = new();

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData("[[registry]]", "neither a prefix nor a location")]
    [InlineData("[[registry]]\nlocation = \"\"", "neither a prefix nor a location")]
    [InlineData("[[registry]]\nprefix = \"a.example\"", "needs a location")]
    [InlineData("[[registry]]\nlocation = \"https://a.example\"", "scheme")]
    [InlineData("[[registry]]\nlocation = \"user:hidden-secret@a.example\"", "user information")]
    [InlineData("[[registry]]\nlocation = \"a.example/Team\"", "name of a repository")]
    [InlineData("[[registry]]\nlocation = \"a.example/../b\"", "name of a repository")]
    [InlineData("[[registry]]\nlocation = \"a.example/b?x=hidden-secret\"", "name of a repository")]
    [InlineData("[[registry]]\nlocation = \"/b\"", "host")]
    [InlineData("[[registry]]\nlocation = \"a_b.example\"", "host")]
    [InlineData("[[registry]]\nprefix = \"a.example\"\nlocation = \"a.example/b:tag\"", "name of a repository")] // no tag in a place
    [InlineData("[[registry]]\nprefix = \"a.example\"\nlocation = \"*.example\"", "host")] // a place is one
    [InlineData("[[registry]]\nprefix = \"*.example/team\"", "wildcard")]
    [InlineData("[[registry]]\nprefix = \"*.example:5000\"", "wildcard")]
    [InlineData("[[registry]]\nprefix = \"a.*.example\"\nlocation = \"a.example\"", "host")]
    [InlineData("[[registry]]\nprefix = \"*\"\nlocation = \"a.example\"", "host")]
    [InlineData("[[registry]]\nprefix = \"*.\"", "host")]
    [InlineData("[[registry]]\nlocation = 1", "no text")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\ninsecure = \"yes\"", "neither true nor false")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\nblocked = 1", "neither true nor false")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\nmirror = \"b.example\"", "no array of tables")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\nmirror = [\"b.example\"]", "no array of tables")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\npull-from-mirror = \"all\"", "belongs to a mirror")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\nnamespace-proxy = 1", "no text")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]", "no location")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]\nlocation = \"http://b.example\"", "scheme")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]\nlocation = \"b.example\"\npull-from-mirror = \"some\"", "none of all")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = \"b.example\"\npull-from-mirror = \"all\"", "exclude each other")]
    [InlineData("[registry]\nlocation = \"a.example\"", "no array of tables")] // one bracket
    [InlineData("registry = 1", "no array of tables")]
    [InlineData("[registries.search]\nregistries = [\"a.example\"]", "version 1")]
    [InlineData("[registries.insecure]\nregistries = []", "version 1")]
    [InlineData("[registries]\n[registries.block]", "version 1")]
    [InlineData("unqualified-search-registries = \"a.example\"", "no array of texts")]
    [InlineData("unqualified-search-registries = [\"a.example/team\"]", "host")]
    [InlineData("unqualified-search-registries = [\"https://a.example\"]", "host")]
    [InlineData("unqualified-search-registries = [\"\"]", "host")]
    [InlineData("unqualified-search-registries = [1]", "no text")]
    [InlineData("short-name-mode = \"strict\"", "none of enforcing")]
    [InlineData("short-name-mode = true", "no text")]
    [InlineData("credential-helpers = \"pass\"", "no array of texts")]
    [InlineData("credential-helpers = [\"../pass\"]", "credential helper")] // no path
    [InlineData("credential-helpers = [\"a b\"]", "credential helper")]
    [InlineData("credential-helpers = [\"-x\"]", "credential helper")] // no option
    [InlineData("credential-helpers = [\"\"]", "credential helper")]
    [InlineData("[aliases]\n\"a.example/app\" = \"b.example/app\"", "not a short name")]
    [InlineData("[aliases]\n\"localhost/app\" = \"b.example/app\"", "not a short name")]
    [InlineData("[aliases]\n\"app:v1\" = \"b.example/app\"", "not a short name")]
    [InlineData("[aliases]\nApp = \"b.example/app\"", "not a short name")]
    [InlineData("[aliases]\n\"\" = \"b.example/app\"", "not a short name")]
    [InlineData("[aliases]\napp = \"team/app\"", "not a registry and a repository")]
    [InlineData("[aliases]\napp = \"b.example\"", "not a registry and a repository")]
    [InlineData("[aliases]\napp = \"b.example/app:v1\"", "not a registry and a repository")]
    [InlineData("[aliases]\napp = \"b.example/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"", "not a registry and a repository")]
    [InlineData("[aliases]\napp = [\"b.example/app\"]", "no text")]
    [InlineData("[aliases]\na.b = \"b.example/app\"", "no text")] // a dot makes a table
    [InlineData("aliases = 1", "no table")]
    [InlineData("[aliases]\napp = \"b.example/app\"\napp = \"c.example/app\"", "second time")]
    public async Task File_RefusesWhatIsMalformed(string content, string fault)
    {
        _machine.Write("registries.conf", content);

        DocumentFormatException error = await _machine.FailsAsync("any.example");

        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
        Assert.Matches("registries.conf' is malformed at line [0-9]+: ", error.Message);
        Assert.DoesNotContain("user:hidden-secret", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("registry = []")]
    [InlineData("future = 1\n[more]\nx = 1979-05-27\n[[registry]]\nlocation = \"x.example\"\nfuture = true\n[registry.more]")] // unknown keys
    [InlineData("additional-layer-store-auth-helper = \"x\"")] // known, and nothing of ours
    [InlineData("short-name-mode = \"\"")]
    public async Task File_MayLeaveEverythingOut(string content)
    {
        _machine.Write("registries.conf", content);

        Assert.Null(await _machine.FindAsync("reg.example"));
    }

    [Theory]
    [InlineData("insecure")]
    [InlineData("blocked")]
    public async Task Place_MustNotBeTwoThingsAtOnce(string key)
    {
        _machine.Write("registries.conf", $"[[registry]]\nlocation = \"a.example\"\n[[registry]]\nprefix = \"b.example\"\nlocation = \"a.example\"\n{key} = true");

        Assert.Contains($"'{key}' of 'a.example' is not what line 1 says", (await _machine.FailsAsync("x.example")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prefix_CountsOnceInAFile()
    {
        _machine.Write("registries.conf", "[[registry]]\nprefix = \"a.example\"\nlocation = \"first.example\"\n[[registry]]\nprefix = \"a.example\"\nlocation = \"second.example\"");

        Assert.Equal("first.example", (await _machine.RouteAsync("a.example")).Upstream?.Host);
    }

    [Fact]
    public async Task MainFile_IsTheFirstThatIsThere()
    {
        _machine.Write("registries.conf", "[[registry]]\nprefix = \"a.example\"\nlocation = \"system.example\"\n[[registry]]\nprefix = \"b.example\"\nlocation = \"system.example\"");
        _machine.Write("user.conf", "[[registry]]\nprefix = \"a.example\"\nlocation = \"user.example\"");

        Assert.Equal("user.example", (await _machine.RouteAsync("a.example")).Upstream?.Host);
        Assert.Null(await _machine.FindAsync("b.example")); // the other one is not read at all
    }

    [Fact]
    public async Task DropIns_AreMergedInTheOrderOfTheirNames()
    {
        _machine.Write("registries.conf", Rule("a", "main") + Rule("b", "main") + Rule("c", "main"));
        _machine.Write("registries.conf.d/50-x.conf", Rule("b", "fifty") + Rule("c", "fifty") + Rule("d", "fifty"));
        _machine.Write("user.conf.d/10-x.conf", Rule("b", "ten") + Rule("e", "ten"));
        _machine.Write("registries.conf.d/90-same.conf", Rule("c", "system-ninety"));
        _machine.Write("user.conf.d/90-same.conf", Rule("f", "user-ninety"));
        _machine.Write("user.conf.d/99-not.txt", Rule("a", "no"));
        _machine.Write("user.conf.d/sub/99.conf", Rule("a", "no"));

        var hosts = new Dictionary<string, string?>();
        foreach (string name in new[] { "a", "b", "c", "d", "e", "f" })
        {
            hosts[name] = (await _machine.RouteAsync($"{name}.example")).Upstream?.Host;
        }

        Assert.Equal("main.example", hosts["a"]); // an unknown ending, and a directory below, are not read
        Assert.Equal("fifty.example", hosts["b"]); // 50 after 10, wherever they are
        Assert.Equal("fifty.example", hosts["c"]); // of two with one name, only the user's is read
        Assert.Equal(("fifty.example", "ten.example", "user-ninety.example"), (hosts["d"], hosts["e"], hosts["f"]));
    }

    [Fact]
    public async Task DropIns_ReplaceARuleAsAWhole()
    {
        _machine.Write("registries.conf", "[[registry]]\nlocation = \"a.example\"\nblocked = true\n[[registry.mirror]]\nlocation = \"m.example\"");
        _machine.Write("registries.conf.d/x.conf", "[[registry]]\nlocation = \"a.example\"\ninsecure = true");

        RegistryRoute route = await _machine.RouteAsync("a.example");

        Assert.Null(route.BlockedBecause);
        Assert.Empty(route.Mirrors);
        Assert.True(route.Upstream?.IsInsecure);
    }

    [Fact]
    public async Task RequiredFiles_AreReadLastAndMustBeThere()
    {
        _machine.Write("registries.conf", Rule("a", "main"));
        _machine.Write("registries.conf.d/x.conf", Rule("a", "drop-in"));
        _machine.Options.RequiredRegistriesFiles = [_machine.Write("last.conf", Rule("a", "last"))];
        var absent = new SystemRegistryHosts(new SystemRegistryHostsOptions { RequiredRegistriesFiles = [_machine.Combine("absent.conf")] });

        Assert.Equal("last.example", (await _machine.RouteAsync("a.example")).Upstream?.Host);
        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await absent.GetRouteAsync("a.example", "app", TestContext.Current.CancellationToken));
        Assert.Contains("absent.conf' does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_AreReadAgainUntilTheyAreRightAndThenKept()
    {
        _machine.Write("registries.conf", "nonsense");
        _ = await _machine.FailsAsync("a.example");
        _machine.Write("registries.conf", Rule("a", "right"));
        RegistryRoute right = await _machine.RouteAsync("a.example");
        _machine.Write("registries.conf", "nonsense again");

        Assert.Equal("right.example", right.Upstream?.Host);
        Assert.Equal("right.example", (await _machine.RouteAsync("a.example")).Upstream?.Host);
    }

    [Fact]
    public async Task CredentialHelpers_ComeFromTheLastFileThatNamesThem()
    {
        _machine.Write("registries.conf", "credential-helpers = [\"pass\"]");
        _machine.Write("registries.conf.d/10.conf", "credential-helpers = [\"containers-auth.json\", \"secretservice\"]");
        _machine.Write("registries.conf.d/20.conf", "short-name-mode = \"disabled\"");

        Assert.Equal(
            ["containers-auth.json", "secretservice"],
            await _machine.Hosts.GetCredentialHelpersAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            ["containers-auth.json"],
            await new SystemRegistryHosts(new SystemRegistryHostsOptions()).GetCredentialHelpersAsync(TestContext.Current.CancellationToken));
    }

    private static string Rule(string registry, string place) =>
        $"[[registry]]\nprefix = \"{registry}.example\"\nlocation = \"{place}.example\"\n";
}
