using System.Text.Json.Nodes;
using OciImage.Registry;

namespace OciImage.Tests.Registry;

public sealed class CredentialFileHelperTests : IDisposable
{
    private const string Entry = """{"auth":"ZmlsZTpi"}"""; // file:b

    private readonly HelperScripts _scripts = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _scripts.Dispose();

    // one: for the registry; all: for every registry; file: the entry of the file.
    [Theory]
    [InlineData("""{"credHelpers":{"a.example":"one"},"credsStore":"all","auths":{"a.example":ENTRY}}""", "one")]
    [InlineData("""{"credHelpers":{"https://A.example/v1/":"one"},"credsStore":"all"}""", "one")]
    [InlineData("""{"credHelpers":{"b.example":"one"},"credsStore":"all","auths":{"a.example":ENTRY}}""", "all")]
    [InlineData("""{"credsStore":"all"}""", "all")] // also without the empty entry that Docker leaves
    [InlineData("""{"credHelpers":{"b.example":"one"},"auths":{"a.example":ENTRY}}""", "file")]
    [InlineData("""{"credHelpers":{"a.example":""},"credsStore":"all","auths":{"a.example":ENTRY}}""", "file")]
    [InlineData("""{"credsStore":"","auths":{"a.example":ENTRY}}""", "file")]
    [InlineData("""{"credsStore":"none","auths":{"a.example":ENTRY}}""", "file")] // the store has none
    [InlineData("""{"credHelpers":{"a.example":"none"},"credsStore":"all","auths":{"a.example":ENTRY}}""", null)] // but a helper's word counts
    [InlineData("""{"credsStore":"none","auths":{"a.example":{}}}""", null)]
    public async Task GetCredential_AsksInOrder(string content, string? expected)
    {
        _scripts.Write("one", "printf '{\"Username\":\"one\",\"Secret\":\"x\"}'");
        _scripts.Write("all", "printf '{\"Username\":\"all\",\"Secret\":\"x\"}'");
        _scripts.Write("none", "echo 'credentials not found in native keychain'; exit 1");
        CredentialFile file = Write(content);

        RegistryCredential? credential = await file.GetCredentialAsync("a.example", "team/app", Token);

        Assert.Equal(expected, credential?.Username);
        Assert.Equal(
            expected switch
            {
                null => null,
                "file" => $"'{file.Path}' entry 'a.example'",
                _ => $"helper '{expected}' named by '{file.Path}'",
            },
            credential?.Source);
    }

    [Theory]
    [InlineData("""{"credHelpers":{"a.example":"absent"},"auths":{"a.example":ENTRY}}""", CredentialHelperErrorKind.NotInstalled)]
    [InlineData("""{"credsStore":"absent","auths":{"a.example":ENTRY}}""", CredentialHelperErrorKind.NotInstalled)]
    [InlineData("""{"credsStore":"failing","auths":{"a.example":ENTRY}}""", CredentialHelperErrorKind.Failed)]
    public async Task GetCredential_FallsBackToNothingWhereAHelperFails(string content, CredentialHelperErrorKind kind)
    {
        _scripts.Write("failing", "exit 1");
        CredentialFile file = Write(content);

        var error = await Assert.ThrowsAsync<CredentialHelperException>(
            async () => await file.GetCredentialAsync("a.example", "", Token));

        Assert.Equal(kind, error.Kind);
        Assert.Contains($"'{file.Path}' names", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetCredential_AsksForDockerHubUnderBothNames()
    {
        _scripts.Write(
            "hub",
            """
            s=$(cat); echo "$s" >> "$0.log"
            test "$s" = docker.io || { echo 'credentials not found in native keychain'; exit 1; }
            printf '{"ServerURL":"docker.io","Username":"podman","Secret":"x"}'
            """);
        CredentialFile file = Write("""{"credHelpers":{"docker.io":"hub"}}""");

        RegistryCredential? credential = await file.GetCredentialAsync("docker.io", "library/alpine", Token);

        Assert.Equal("podman", credential?.Username);
        Assert.Equal(
            ["https://index.docker.io/v1/", "docker.io"],
            await File.ReadAllLinesAsync(_scripts.Combine("bin", "docker-credential-hub.log"), Token));
    }

    [Theory]
    [InlineData("""{"credHelpers":{"a.example":"chain"},"keep":1}""")]
    [InlineData("""{"credsStore":"chain","keep":1,"auths":{"a.example":ENTRY}}""")]
    public async Task Store_GivesTheCredentialToTheHelperAndLeavesAnEmptyEntry(string content)
    {
        _scripts.WriteKeychain("chain");
        CredentialFile file = Write(content);

        string? helper = await file.StoreAsync("a.example", new RegistryCredential("ann", "secret"), Token);

        Assert.Equal("chain", helper);
        JsonNode root = JsonNode.Parse(await File.ReadAllTextAsync(file.Path, Token))!;
        Assert.Equal("""{"a.example":{}}""", root["auths"]!.ToJsonString());
        Assert.Equal(1, (int?)root["keep"]);
        Assert.Equal("secret", (await file.GetCredentialAsync("a.example", "", Token))?.Password);
        Assert.Equal(["store", "get"], _scripts.Log);
    }

    [Fact]
    public async Task Store_KeepsTokensWithTheHelper()
    {
        _scripts.WriteKeychain("chain");
        CredentialFile file = Write("""{"credsStore":"chain"}""");

        await file.StoreAsync("docker.io", new RegistryCredential(null, null, "refresh"), Token);

        Assert.Equal("refresh", (await file.GetCredentialAsync("docker.io", "", Token))?.IdentityToken);
        Assert.Contains("https://index.docker.io/v1/", await File.ReadAllTextAsync(file.Path, Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_LeavesTheFileWhereTheHelperFails()
    {
        _scripts.Write("failing", "exit 1");
        CredentialFile file = Write("""{"credsStore":"failing"}""");

        await Assert.ThrowsAsync<CredentialHelperException>(
            async () => await file.StoreAsync("a.example", new RegistryCredential("ann", "secret"), Token));

        Assert.Equal("""{"credsStore":"failing"}""", await File.ReadAllTextAsync(file.Path, Token));
    }

    [Fact]
    public async Task Store_RefusesANamespaceOfAHelpersRegistry()
    {
        _scripts.WriteKeychain("chain");
        CredentialFile file = Write("""{"credHelpers":{"a.example":"chain"}}""");

        await Assert.ThrowsAsync<NotSupportedException>(
            async () => await file.StoreAsync("a.example/team", new RegistryCredential("ann", "secret"), Token));

        Assert.Empty(_scripts.Log);
        Assert.Null(await file.StoreAsync("b.example/team", new RegistryCredential("ann", "secret"), Token));
    }

    [Fact]
    public async Task Erase_ForgetsWithTheHelperAndInTheFile()
    {
        _scripts.WriteKeychain("chain");
        CredentialFile file = Write("""{"credsStore":"chain"}""");
        await file.StoreAsync("docker.io", new RegistryCredential("ann", "secret"), Token);

        Assert.True(await file.EraseAsync("docker.io", Token));
        Assert.False(await file.EraseAsync("docker.io", Token));

        Assert.Equal("{}", JsonNode.Parse(await File.ReadAllTextAsync(file.Path, Token))!["auths"]!.ToJsonString());
        Assert.Null(await file.GetCredentialAsync("docker.io", "", Token));
    }

    private CredentialFile Write(string content) => new(
        _scripts.WriteFile("config.json", content.Replace("ENTRY", Entry, StringComparison.Ordinal)), _scripts.Options);
}
