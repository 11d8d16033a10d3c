using System.Text.Json.Nodes;
using OciImage.Registry;
using OciImage.TestKit;

namespace OciImage.Tests.Registry;

public sealed class CredentialFileChangeTests : IDisposable
{
    private static readonly RegistryCredential Ann = new("ann", "secret");

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Store_KeepsEverythingElseAndIsOnlyForItsOwner()
    {
        string path = _directory.WriteFile(
            "config.json",
            """{"auths":{"b.example":{"auth":"YW5uOmI="}},"psFormat":"table <{{.ID}}>\té","x":{"y":[1.50,1e400]},"HttpHeaders":{"A":"b"}}""");
        var file = new CredentialFile(path);

        string? helper = await file.StoreAsync("a.example", Ann, Token);

        Assert.Null(helper);
        string text = await File.ReadAllTextAsync(path, Token);
        JsonNode root = JsonNode.Parse(text)!;
        Assert.Equal("table <{{.ID}}>\té", (string?)root["psFormat"]);
        Assert.Equal("[1.50,1e400]", root["x"]!["y"]!.ToJsonString());
        Assert.Equal("b", (string?)root["HttpHeaders"]!["A"]);
        Assert.NotNull(root["auths"]!["b.example"]);
        Assert.Equal("secret", (await file.GetCredentialAsync("a.example", "", Token))?.Password);
        Assert.Equal(
            ["config.json", "config.json.lock"],
            Directory.GetFiles(_directory.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        AssertOwnerOnly(path);
        AssertOwnerOnly(path + ".lock");
    }

    [Fact]
    public async Task Store_MakesTheDirectoryForItsOwnerOnly()
    {
        var file = new CredentialFile(_directory.Combine("new", "config.json"));

        await file.StoreAsync("a.example", Ann, Token);

        Assert.NotNull(await file.GetCredentialAsync("a.example", "", Token));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                new FileInfo(_directory.Combine("new")).UnixFileMode);
        }
    }

    [Fact]
    public async Task Store_TakesTheModeOfAFileThatOthersCouldRead()
    {
        string path = _directory.WriteFile("config.json", "{}");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead | UnixFileMode.GroupRead);
        }

        await new CredentialFile(path).StoreAsync("a.example", Ann, Token);

        AssertOwnerOnly(path);
    }

    [Theory]
    [InlineData("docker.io", "https://index.docker.io/v1/")]
    [InlineData("index.docker.io", "https://index.docker.io/v1/")]
    [InlineData("a.example:5000", "a.example:5000")]
    [InlineData("a.example/team/app", "a.example/team/app")]
    [InlineData("docker.io/ann", "docker.io/ann")]
    public async Task Store_WritesTheKeyThatOthersLookFor(string scope, string key)
    {
        string path = _directory.Combine("config.json");

        await new CredentialFile(path).StoreAsync(scope, Ann, Token);

        JsonObject auths = JsonNode.Parse(await File.ReadAllTextAsync(path, Token))!["auths"]!.AsObject();
        Assert.Equal(key, Assert.Single(auths).Key);
    }

    [Fact]
    public async Task Store_ChangesOnlyTheSecretsOfAnEntry()
    {
        string path = _directory.WriteFile(
            "config.json", """{"auths":{"https://a.example/v1/":{"email":"x","identitytoken":"old","username":"u"}}}""");

        await new CredentialFile(path).StoreAsync("a.example", new RegistryCredential("ann", "b"), Token);

        JsonNode auths = JsonNode.Parse(await File.ReadAllTextAsync(path, Token))!["auths"]!;
        Assert.Equal("""{"https://a.example/v1/":{"email":"x","auth":"YW5uOmI="}}""", auths.ToJsonString());
    }

    [Fact]
    public async Task Store_KeepsTokens()
    {
        var file = new CredentialFile(_directory.Combine("config.json"));

        await file.StoreAsync("a.example", new RegistryCredential(null, null, "refresh", "access"), Token);

        RegistryCredential? credential = await file.GetCredentialAsync("a.example", "", Token);
        Assert.Equal(("refresh", "access"), (credential?.IdentityToken, credential?.RegistryToken));
    }

    [Fact]
    public async Task Store_RefusesWhatTheFileCannotHold()
    {
        var file = new CredentialFile(_directory.Combine("config.json"));

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await file.StoreAsync("a.example", new RegistryCredential("a:b", "c"), Token));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await file.StoreAsync("a.example", new RegistryCredential("ann", null), Token));

        Assert.Empty(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public async Task Store_OfManyAtOnceLosesNone()
    {
        string path = _directory.WriteFile("config.json", """{"auths":{"other.example":{"auth":"YW5uOmI="}}}""");
        string[] registries = [.. Enumerable.Range(0, 40).Select(i => $"r{i}.example")];

        await Task.WhenAll(registries.Select(registry => Task.Run(
            async () => await new CredentialFile(path).StoreAsync(registry, new RegistryCredential(registry, "b"), Token), Token)));

        JsonObject auths = JsonNode.Parse(await File.ReadAllTextAsync(path, Token))!["auths"]!.AsObject();
        Assert.Equal(
            registries.Append("other.example").Order(StringComparer.Ordinal),
            auths.Select(pair => pair.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Store_WaitsForTheLockUntilItIsCancelled()
    {
        string path = _directory.WriteFile("config.json", "{}");
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var holder = new FileStream(path + ".lock", FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        Task<string?> storing = new CredentialFile(path).StoreAsync("a.example", Ann, cancellation.Token).AsTask();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => storing);
        Assert.Equal("{}", await File.ReadAllTextAsync(path, Token));
        await holder.DisposeAsync();
        await new CredentialFile(path).StoreAsync("a.example", Ann, Token);
        Assert.NotNull(await new CredentialFile(path).GetCredentialAsync("a.example", "", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // whose target is not there yet
    public async Task Store_KeepsALinkToTheFile(bool exists)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        string target = exists ? _directory.WriteFile("real/real.json", "{}") : _directory.Combine("real", "real.json");
        string link = _directory.Combine("config.json");
        File.CreateSymbolicLink(_directory.Combine("between.json"), Path.Combine("real", "real.json"));
        File.CreateSymbolicLink(link, "between.json");

        await new CredentialFile(link).StoreAsync("a.example", Ann, Token);

        Assert.Equal("between.json", new FileInfo(link).LinkTarget);
        Assert.Null(new FileInfo(target).LinkTarget);
        Assert.Contains("a.example", await File.ReadAllTextAsync(target, Token), StringComparison.Ordinal);
        Assert.True(File.Exists(target + ".lock"));
        AssertOwnerOnly(target);
    }

    [Fact]
    public async Task Store_RefusesALinkInACircle()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        string link = _directory.Combine("config.json");
        File.CreateSymbolicLink(link, "config.json");

        await Assert.ThrowsAnyAsync<IOException>(async () => await new CredentialFile(link).StoreAsync("a.example", Ann, Token));
    }

    [Fact]
    public async Task Erase_RemovesTheCredentialAndSaysWhetherThereWasOne()
    {
        var file = new CredentialFile(_directory.Combine("new", "config.json"));
        await file.StoreAsync("docker.io", Ann, Token);

        Assert.True(await file.EraseAsync("index.docker.io", Token));
        Assert.False(await file.EraseAsync("docker.io", Token));
        Assert.Null(await file.GetCredentialAsync("docker.io", "", Token));
    }

    [Fact]
    public async Task Erase_OfAnAbsentFileMakesNone()
    {
        Assert.False(await new CredentialFile(_directory.Combine("new", "config.json")).EraseAsync("a.example", Token));

        Assert.False(Directory.Exists(_directory.Combine("new")));
    }

    [Fact]
    public async Task Erase_LeavesOtherScopes()
    {
        var file = new CredentialFile(_directory.Combine("auth.json"));
        foreach (string scope in (string[])["a.example", "a.example/team", "a.example/team/app", "b.example"])
        {
            await file.StoreAsync(scope, new RegistryCredential(scope, "b"), Token);
        }

        Assert.True(await file.EraseAsync("a.example/team", Token));

        Assert.Equal("a.example/team/app", (await file.GetCredentialAsync("a.example", "team/app", Token))?.Username);
        Assert.Equal("a.example", (await file.GetCredentialAsync("a.example", "team/other", Token))?.Username);
        Assert.True(await file.EraseAsync("a.example", Token));
        Assert.NotNull(await file.GetCredentialAsync("a.example", "team/app", Token));
        Assert.NotNull(await file.GetCredentialAsync("b.example", "", Token));
    }

    [Fact]
    public async Task Erase_RemovesEveryNameOfTheRegistry()
    {
        string path = _directory.WriteFile(
            "config.json",
            """{"auths":{"a.example":{"auth":"YW5uOmI="},"https://a.example/v1/":{"auth":"YW5uOmI="},"A.example":{"auth":"YW5uOmI="}}}""");

        Assert.True(await new CredentialFile(path).EraseAsync("a.example", Token));

        Assert.Empty(JsonNode.Parse(await File.ReadAllTextAsync(path, Token))!["auths"]!.AsObject());
    }

    private static void AssertOwnerOnly(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(path).UnixFileMode);
        }
    }
}
