using System.Text.Json.Nodes;
using OciImage.Registry;
using OciImage.TestKit;

namespace OciImage.Tests.Registry;

public sealed class DockerConfigFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("registry.example", "registry.example")]
    [InlineData("https://registry.example", "registry.example")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("docker.io", "index.docker.io")]
    public async Task GetCredential_FindsTheRegistryUnderItsNames(string key, string registry)
    {
        string path = _directory.WriteFile("config.json", """{"auths":{"KEY":{"auth":"YW5uOmE6Yg=="}}}""".Replace("KEY", key, StringComparison.Ordinal));

        RegistryCredential? credential = await new DockerConfigFile(path).GetCredentialAsync(registry, "", Token);

        Assert.Equal(("ann", "a:b"), (credential?.Username, credential?.Password));
        Assert.DoesNotContain("a:b", credential!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetCredential_IsNoneForAnotherRegistryAndWithoutAFile()
    {
        string path = _directory.WriteFile("config.json", """{"auths":{"registry.example":{"auth":"YW5uOmI="}}}""");

        Assert.Null(await new DockerConfigFile(path).GetCredentialAsync("evil.example", "", Token));
        Assert.Null(await new DockerConfigFile(_directory.Combine("absent.json")).GetCredentialAsync("registry.example", "", Token));
    }

    [Theory]
    [InlineData("""{"auths":{"a.example":{"auth":"not base64 hidden-secret"}}}""")]
    [InlineData("""{"auths":{"a.example":{"auth":"bm8tY29sb24="}}}""")]
    [InlineData("""{"auths":{"a.example":{"auth":["hidden-secret"]}}}""")]
    [InlineData("""["hidden-secret"]""")]
    [InlineData("""{"auths": hidden-secret""")]
    public async Task GetCredential_RefusesAMalformedFileWithoutQuotingIt(string content)
    {
        string path = _directory.WriteFile("config.json", content);

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await new DockerConfigFile(path).GetCredentialAsync("a.example", "", Token));

        Assert.DoesNotContain("hidden-secret", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_KeepsEverythingElseAndIsOnlyForItsOwner()
    {
        string path = _directory.WriteFile(
            "config.json", """{"auths":{"b.example":{"auth":"YW5uOmI="}},"psFormat":"table","x":{"y":[1]}}""");
        var file = new DockerConfigFile(path);

        await file.StoreAsync("a.example", new RegistryCredential("ann", "secret"), Token);

        JsonNode root = JsonNode.Parse(await File.ReadAllTextAsync(path, Token))!;
        Assert.Equal("table", (string?)root["psFormat"]);
        Assert.Equal(1, (int?)root["x"]!["y"]![0]);
        Assert.NotNull(root["auths"]!["b.example"]);
        Assert.Equal("secret", (await file.GetCredentialAsync("a.example", "", Token))?.Password);
        Assert.Single(Directory.GetFiles(_directory.Path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(path).UnixFileMode);
        }
    }

    [Fact]
    public async Task Erase_RemovesTheCredentialAndSaysWhetherThereWasOne()
    {
        var file = new DockerConfigFile(_directory.Combine("new", "config.json"));
        await file.StoreAsync("docker.io", new RegistryCredential("ann", "secret"), Token);

        Assert.True(await file.EraseAsync("index.docker.io", Token));
        Assert.False(await file.EraseAsync("docker.io", Token));
        Assert.Null(await file.GetCredentialAsync("docker.io", "", Token));
    }

    [Theory]
    [InlineData("""{"auths":{"a.example":{"auth":"YW5uOmI="}},"credHelpers":{"a.example":"pass"}}""")] // the helper comes first
    [InlineData("""{"auths":{"a.example":{}},"credsStore":"desktop"}""")]
    public async Task GetCredential_IsNotAnsweredWhereAHelperKnowsIt(string content)
    {
        string path = _directory.WriteFile("config.json", content);

        var error = await Assert.ThrowsAsync<NotSupportedException>(
            async () => await new DockerConfigFile(path).GetCredentialAsync("a.example", "", Token));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetCredential_IsNoneWhereAStoreHasHardlyOne()
    {
        string path = _directory.WriteFile("config.json", """{"credsStore":"desktop","credHelpers":{"b.example":"pass"}}""");

        RegistryCredential? credential = await new DockerConfigFile(path).GetCredentialAsync("a.example", "", Token);

        Assert.True(credential!.IsEmpty);
        Assert.Contains("desktop", credential.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"auths":[]}""")]
    [InlineData("""{"auths":{"a.example":"hidden-secret"}}""")]
    [InlineData("""{"auths":{},"auths":{}}""")] // which one counts?
    [InlineData("""{"credHelpers":["hidden-secret"]}""")]
    [InlineData("""{"credsStore":5}""")]
    public async Task MalformedFile_IsLeftAsItIs(string content)
    {
        string path = _directory.WriteFile("config.json", content);
        var file = new DockerConfigFile(path);

        await Assert.ThrowsAsync<DocumentFormatException>(async () => await file.GetCredentialAsync("a.example", "", Token));
        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await file.StoreAsync("a.example", new RegistryCredential("ann", "b"), Token));

        Assert.DoesNotContain("hidden-secret", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(path, Token));
    }

    [Fact]
    public async Task GetCredential_ReadsNoFileWithoutEnd()
    {
        string path = _directory.WriteFile("config.json", new string(' ', 5 * 1024 * 1024));

        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await new DockerConfigFile(path).GetCredentialAsync("a.example", "", Token));
    }

    [Fact]
    public async Task Store_RefusesWhatTheFileCannotHold()
    {
        string path = _directory.WriteFile("config.json", """{"credsStore":"desktop"}""");

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await new DockerConfigFile(path).StoreAsync("a.example", new RegistryCredential("a:b", "c"), Token));
        await Assert.ThrowsAsync<NotSupportedException>(
            async () => await new DockerConfigFile(path).StoreAsync("a.example", new RegistryCredential("ann", "b"), Token));
    }

    [Fact]
    public async Task Store_ChangesOnlyTheSecretsOfAnEntry()
    {
        string path = _directory.WriteFile(
            "config.json", """{"auths":{"https://a.example/v1/":{"email":"x","identitytoken":"old","username":"u"}}}""");
        var file = new DockerConfigFile(path);

        await file.StoreAsync("a.example", new RegistryCredential("ann", "b"), Token);

        JsonNode auths = JsonNode.Parse(await File.ReadAllTextAsync(path, Token))!["auths"]!;
        Assert.Equal("""{"https://a.example/v1/":{"email":"x","auth":"YW5uOmI="}}""", auths.ToJsonString());
    }

    [Fact]
    public async Task Store_KeepsALinkToTheFile()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        string target = _directory.WriteFile("real.json", "{}");
        string link = _directory.Combine("config.json");
        File.CreateSymbolicLink(link, target);

        await new DockerConfigFile(link).StoreAsync("a.example", new RegistryCredential("ann", "b"), Token);

        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Assert.Contains("a.example", await File.ReadAllTextAsync(target, Token), StringComparison.Ordinal);
    }
}
