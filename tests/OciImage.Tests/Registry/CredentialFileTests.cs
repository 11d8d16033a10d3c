using System.Text;
using System.Text.Json.Nodes;
using OciImage.Registry;
using OciImage.TestKit;

namespace OciImage.Tests.Registry;

public sealed class CredentialFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("registry.example", "registry.example")]
    [InlineData("Registry.example:5000", "registry.example:5000")]
    [InlineData("https://registry.example", "registry.example")]
    [InlineData("http://registry.example/", "registry.example")]
    [InlineData("https://registry.example/v1/", "registry.example")]
    [InlineData("https://registry.example/some/api", "registry.example")] // the path of a URL says where the API is
    [InlineData("registry.example/v2/", "registry.example")]
    [InlineData("registry.example/", "registry.example")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("https://index.docker.io/v1", "docker.io")]
    [InlineData("index.docker.io/v1", "docker.io")]
    [InlineData("docker.io", "index.docker.io")]
    [InlineData("registry-1.docker.io", "docker.io")]
    [InlineData("index.docker.io", "registry-1.docker.io")]
    [InlineData("https://[::1]:5000", "[::1]:5000")]
    public async Task GetCredential_FindsTheRegistryUnderItsNames(string key, string registry)
    {
        string path = WriteEntry(key);

        RegistryCredential? credential = await new CredentialFile(path).GetCredentialAsync(registry, "a/b", Token);

        Assert.Equal(("ann", "a:b"), (credential?.Username, credential?.Password));
        Assert.Equal($"'{path}' entry '{key}'", credential?.Source);
        Assert.DoesNotContain("a:b", credential!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("registry.example", "evil.example", "")]
    [InlineData("registry.example", "registry.example.evil", "")]
    [InlineData("registry.example", "registry.example:5000", "")] // another port is another registry
    [InlineData("registry.example:5000", "registry.example", "")]
    [InlineData("https://registry.example@evil.example", "registry.example", "")]
    [InlineData("registry.example/team", "registry.example", "")] // of a namespace only
    [InlineData("registry.example/team", "registry.example", "teams/app")]
    [InlineData("registry.example/team/app", "registry.example", "team")]
    [InlineData("registry.example/Team", "registry.example", "team/app")]
    [InlineData("https://registry.example.docker.io/v1/", "docker.io", "library/alpine")]
    public async Task GetCredential_IsNoneForAnotherScope(string key, string registry, string repository)
    {
        string path = WriteEntry(key);

        Assert.Null(await new CredentialFile(path).GetCredentialAsync(registry, repository, Token));
    }

    [Theory]
    [InlineData("team/app", "exact")]
    [InlineData("team/app/deep", "exact")]
    [InlineData("team/other", "namespace")]
    [InlineData("team", "namespace")]
    [InlineData("else", "host")]
    [InlineData("", "host")]
    public async Task GetCredential_TakesTheClosestEntry(string repository, string expected)
    {
        string path = Write(
            "a.example", Entry("host"), "a.example/team/app", Entry("exact"), "a.example/team", Entry("namespace"),
            "a.example/team/app/deep/er", "{}");

        RegistryCredential? credential = await new CredentialFile(path).GetCredentialAsync("a.example", repository, Token);

        Assert.Equal(expected, credential?.Username);
    }

    [Fact]
    public async Task GetCredential_TakesNamespacesOfDockerHubUnderItsNames()
    {
        string path = Write("https://index.docker.io/v1/", Entry("hub"), "docker.io/library", Entry("library"));
        var file = new CredentialFile(path);

        Assert.Equal("library", (await file.GetCredentialAsync("registry-1.docker.io", "library/alpine", Token))?.Username);
        Assert.Equal("hub", (await file.GetCredentialAsync("docker.io", "ann/x", Token))?.Username);
    }

    [Fact]
    public async Task GetCredential_TakesWhatDockerWritesBeforeOtherNames()
    {
        string path = Write(
            "registry-1.docker.io", Entry("third"), "docker.io", Entry("second"), "https://index.docker.io/v1/", Entry("first"),
            "https://a.example", Entry("second"), "a.example", Entry("first"));
        var file = new CredentialFile(path);

        Assert.Equal("first", (await file.GetCredentialAsync("docker.io", "", Token))?.Username);
        Assert.Equal("first", (await file.GetCredentialAsync("a.example", "", Token))?.Username);
    }

    [Fact]
    public async Task GetCredential_PassesOverEntriesWithoutACredential()
    {
        string path = Write("a.example/team", "{}", "a.example", """{"email":"x","auth":""}""", "https://a.example", Entry("ann"));

        RegistryCredential? credential = await new CredentialFile(path).GetCredentialAsync("a.example", "team/app", Token);

        Assert.Equal("ann", credential?.Username);
    }

    [Fact]
    public async Task GetCredential_ReadsEveryFormOfCredential()
    {
        string path = Write(
            "a.example", """{"username":"ann","password":"b"}""",
            "b.example", """{"auth":"YW5uOg==","identitytoken":"refresh"}""",
            "c.example", """{"registrytoken":"access"}""",
            "d.example", $$"""{"auth":"{{Convert.ToBase64String("ann:p\u00e4ss\0\0"u8)}}","username":"other"}""",
            "e.example", """{"username":"ann"}""");
        var file = new CredentialFile(path);

        Assert.Equal("b", (await file.GetCredentialAsync("a.example", "", Token))?.Password);
        Assert.Equal("refresh", (await file.GetCredentialAsync("b.example", "", Token))?.IdentityToken);
        Assert.Equal("access", (await file.GetCredentialAsync("c.example", "", Token))?.RegistryToken);
        RegistryCredential? fourth = await file.GetCredentialAsync("d.example", "", Token);
        Assert.Equal(("ann", "päss"), (fourth?.Username, fourth?.Password));
        Assert.Null(await file.GetCredentialAsync("e.example", "", Token));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("{}")]
    [InlineData("""{"auths":null}""")]
    public async Task GetCredential_IsNoneWithoutAFileOrEntries(string? content)
    {
        string path = _directory.Combine("config.json");
        if (content is not null)
        {
            await File.WriteAllTextAsync(path, content, Token);
        }

        Assert.Null(await new CredentialFile(path).GetCredentialAsync("a.example", "", Token));
    }

    [Fact]
    public async Task GetCredential_IsNoneBelowWhatIsNoDirectory()
    {
        // DOCKER_CONFIG=/dev/null is a way to have no configuration.
        string path = _directory.WriteFile("null", "");

        Assert.Null(await new CredentialFile(Path.Combine(path, "config.json")).GetCredentialAsync("a.example", "", Token));
    }

    [Fact]
    public async Task GetCredential_ReadsAFileWithAMark()
    {
        string path = _directory.Combine("config.json");
        await File.WriteAllTextAsync(path, $$$"""{"auths":{"a.example":{{{Entry("ann")}}}}}""", new UTF8Encoding(true), Token);

        Assert.NotNull(await new CredentialFile(path).GetCredentialAsync("a.example", "", Token));
    }

    [Theory]
    [InlineData(3, "{\n\"auths\":{\n\"a.example\":{\"auth\":\"not base64 hidden-secret\"}}}")]
    [InlineData(1, """{"auths":{"a.example":{"auth":"bm8tY29sb24="}}}""")]
    [InlineData(1, """{"auths":{"a.example":{"auth":"Om5vLXVzZXI="}}}""")]
    [InlineData(1, """{"auths":{"a.example":{"auth":"YW5uOv8="}}}""")] // not UTF-8
    [InlineData(4, "{\"auths\":\n{\n\"a.example\":{\n\"auth\":[\"hidden-secret\"]}}}")]
    [InlineData(2, "\n[\"hidden-secret\"]")]
    [InlineData(2, "{\n\"auths\": hidden-secret")]
    [InlineData(2, "{\n\"auths\":[]}")]
    [InlineData(2, "{\"auths\":{\n\"a.example\":\"hidden-secret\"}}")]
    [InlineData(3, "{\"auths\":{},\n\n\"auths\":{}}")] // which one counts?
    [InlineData(2, "{\"auths\":{},\"hidden-secret\":{\"x\":1,\n\"x\":2}}")]
    [InlineData(2, "{\n\"credHelpers\":[\"hidden-secret\"]}")]
    [InlineData(3, "{\n\"credHelpers\":{\n\"a.example\":5}}")]
    [InlineData(3, "{\n\n\"credsStore\":5}")]
    [InlineData(1, """{"credsStore":"../hidden-secret"}""")]
    [InlineData(1, """{"credsStore":"/bin/hidden-secret"}""")]
    [InlineData(2, "{\"credHelpers\":{\n\"a.example\":\"hidden secret hidden-secret\"}}")]
    [InlineData(2, "{\"auths\":{},\n\"x\":\"\\ud800\"}")]
    [InlineData(1, "{} hidden-secret")]
    public async Task MalformedFile_IsRefusedByItsLineAndLeftAsItIs(int line, string content)
    {
        string path = _directory.WriteFile("config.json", content);
        var file = new CredentialFile(path);

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await file.GetCredentialAsync("a.example", "", Token));

        Assert.Contains($"'{path}' is malformed at line {line}:", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-secret", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(path, Token));
    }

    [Theory]
    [InlineData("{ hidden-secret")]
    [InlineData("""{"auths":[]}""")]
    [InlineData("""{"auths":{},"auths":{}}""")]
    [InlineData("""{"credsStore":"../hidden-secret"}""")]
    public async Task MalformedFile_IsNotChanged(string content)
    {
        string path = _directory.WriteFile("config.json", content);
        var file = new CredentialFile(path);

        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await file.StoreAsync("a.example", new RegistryCredential("ann", "b"), Token));
        await Assert.ThrowsAsync<DocumentFormatException>(async () => await file.EraseAsync("a.example", Token));

        Assert.Equal(content, await File.ReadAllTextAsync(path, Token));
    }

    [Fact]
    public async Task MalformedEntry_OfAnotherRegistryDoesNotMatter()
    {
        string path = Write("a.example", Entry("ann"), "b.example", "5");

        Assert.NotNull(await new CredentialFile(path).GetCredentialAsync("a.example", "", Token));
    }

    [Fact]
    public async Task GetCredential_ReadsNoFileWithoutEnd()
    {
        string path = _directory.WriteFile("config.json", new string(' ', 5 * 1024 * 1024));

        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await new CredentialFile(path).GetCredentialAsync("a.example", "", Token));
    }

    private static string Entry(string user) =>
        $$"""{"auth":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":secret"))}}"}""";

    private string WriteEntry(string key) => Write(key, """{"auth":"YW5uOmE6Yg=="}""");

    private string Write(params string[] keysAndEntries)
    {
        var auths = new JsonObject();
        foreach (string[] pair in keysAndEntries.Chunk(2))
        {
            auths[pair[0]] = JsonNode.Parse(pair[1]);
        }

        return _directory.WriteFile("config.json", new JsonObject { ["auths"] = auths }.ToJsonString());
    }
}
