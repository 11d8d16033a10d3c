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
}
