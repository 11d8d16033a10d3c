using System.Text.Json;
using OciImage.Cli.Locations;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

/// <summary>Commands follow what the machine's files say of registries.</summary>
public sealed class ConfiguredRegistryTests : IDisposable
{
    private const string Demand = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Credentials_OfTheCommandLineGoToNoMirror()
    {
        var told = new List<string>();
        await using var mirror = new ScriptedRegistry(request =>
        {
            told.Add(request);
            return Demand;
        });
        await using var registry = new ScriptedRegistry(request =>
            request.Contains("Authorization: Basic", StringComparison.OrdinalIgnoreCase) ? "404 Not Found" : Demand);
        string directory = Directory.CreateDirectory(
            _directory.Combine("containerd", "certs.d", registry.Host.Replace(':', '_') + "_")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(directory, "hosts.toml"), $"server = \"http://{registry.Host}\"\n[host.\"http://{mirror.Host}\"]\n",
            TestContext.Current.CancellationToken);
        using TestTerminal terminal = Terminal("");
        terminal.Variables["XDG_CONFIG_HOME"] = _directory.Path;

        int exitCode = await Ocimg.RunAsync(terminal, "digest", $"{registry.Host}/a:v1", "--creds", "user:hunter2-hunter2");

        Assert.Equal(ExitCode.NotFound, exitCode); // the registry was told
        Assert.NotEmpty(told);
        Assert.DoesNotContain(told, request => request.Contains("Authorization", StringComparison.OrdinalIgnoreCase));
        Assert.Contains($"mirror: 'HEAD http://{mirror.Host}", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MalformedConfiguration_IsAFailureOfThisMachineAndNotOfContent()
    {
        using TestTerminal terminal = Terminal("unqualified-search-registries = 7");

        int exitCode = await Ocimg.RunAsync(terminal, "digest", "127.0.0.1:1/a:v1");

        Assert.Equal(ExitCode.Failed, exitCode);
        Assert.Contains("do: mend the file", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BlockedRegistry_IsToldAsBlocked()
    {
        using TestTerminal terminal = Terminal("[[registry]]\nlocation = \"blocked.example\"\nblocked = true\n");

        int exitCode = await Ocimg.RunAsync(terminal, "digest", "blocked.example/a:v1");

        Assert.Equal(ExitCode.Failed, exitCode);
        Assert.Contains("blocked", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verbose_ShowsTheTalkWithoutItsSecrets()
    {
        await using var registry = new ScriptedRegistry(_ => Demand);
        using TestTerminal terminal = Terminal("");

        await Ocimg.RunAsync(terminal, "-v", "digest", $"{registry.Host}/a:v1", "--plain-http", "--creds", "user:hunter2-hunter2");

        Assert.Contains($"> GET http://{registry.Host}/v2/a/manifests/v1", terminal.ErrorOutput, StringComparison.Ordinal);
        Assert.Contains("< 401", terminal.ErrorOutput, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", terminal.ErrorOutput, StringComparison.Ordinal);
        Assert.DoesNotContain("dXNlcjpodW50", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Catalog_ListsRepositories()
    {
        await Ocimg.RunOkAsync("build", $"oci:{_directory.Combine("layout")}:v1", "--from", "scratch", "--platform", "linux/amd64");
        await using Server.RegistryServer server = await Server.RegistryServer.StartAsync(
            new Content.MemoryRepositoryProvider(), cancellationToken: TestContext.Current.CancellationToken);
        string host = server.Host;
        await Ocimg.RunOkAsync("push", $"{_directory.Combine("layout")}:v1", $"{host}/team/b:v1");
        await Ocimg.RunOkAsync("push", $"{_directory.Combine("layout")}:v1", $"{host}/team/a:v1");

        string text = await Ocimg.RunOkAsync("catalog", host);
        string json = await Ocimg.RunOkAsync("catalog", host, "--json");

        Assert.Equal("team/a\nteam/b", text);
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(2, document.RootElement.GetProperty("repositories").GetArrayLength());
    }

    [Theory]
    [InlineData("debian", "docker.io/library/debian")]
    [InlineData("team/app:1", "docker.io/team/app")]
    public void Destination_MeansTheSameOnEveryMachine(string text, string expected) =>
        Assert.Equal(expected, ImageLocation.ParseDestination(text).ToPlaceText());

    private TestTerminal Terminal(string registries) => new()
    {
        Variables = { ["CONTAINERS_REGISTRIES_CONF"] = _directory.WriteFile("registries.conf", registries) },
    };
}
