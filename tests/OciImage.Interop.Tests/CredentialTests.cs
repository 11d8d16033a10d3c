using System.Text.Json;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>What others log in with, we pull with; what we log in with, others pull with.</summary>
public sealed class CredentialTests : IDisposable
{
    // user "ann", password "secret" (bcrypt, cost 4).
    private const string Htpasswd = "ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("/private")]
    public async Task Login_OfSkopeoIsUsedByUs(string path)
    {
        Peer skopeo = Peer.Require("skopeo");
        await using DockerRegistry registry = await StartAsync();
        string target = await PushAsync(registry);
        string file = _directory.Combine("auth.json");

        await skopeo.RunOkAsync(
            "login", "--authfile", file, "--tls-verify=false", "-u", "ann", "-p", "secret", $"{registry.Host}{path}");

        Assert.StartsWith("sha256:", await Ocimg.RunOkAsync("digest", target, "--authfile", file), StringComparison.Ordinal);
        PeerResult without = await Ocimg.RunAsync("digest", target);
        Assert.Equal(5, without.ExitCode);
        PeerResult logout = await Ocimg.RunAsync("logout", $"{registry.Host}{path}", "--authfile", file);
        Assert.True(logout.ExitCode == 0, logout.Error);
        Assert.Equal(5, (await Ocimg.RunAsync("digest", target, "--authfile", file)).ExitCode);
    }

    [Fact]
    public async Task Login_OfOrasAndCraneIsUsedByUs()
    {
        Peer oras = Peer.Require("oras");
        Peer crane = Peer.Require("crane");
        await using DockerRegistry registry = await StartAsync();
        string target = await PushAsync(registry);
        string byOras = _directory.Combine("oras", "config.json");
        string byCrane = _directory.CreateDirectory("crane");

        await oras.RunOkAsync("login", "--plain-http", "--registry-config", byOras, "-u", "ann", "-p", "secret", registry.Host);
        PeerResult login = await PeerProcess.RunAsync(
            crane.Path, ["auth", "login", registry.Host, "-u", "ann", "-p", "secret"],
            environment: new Dictionary<string, string?> { ["DOCKER_CONFIG"] = byCrane }, cancellationToken: Token);

        Assert.True(login.ExitCode == 0, login.Error);
        await Ocimg.RunOkAsync("digest", target, "--authfile", byOras);
        await Ocimg.RunOkAsync("digest", target, "--authfile", Path.Combine(byCrane, "config.json"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Login_WithAHelperIsSharedWithSkopeo(bool bySkopeo)
    {
        Peer skopeo = Peer.Require("skopeo");
        await using DockerRegistry registry = await StartAsync();
        string target = await PushAsync(registry);
        string file = _directory.WriteFile("auth.json", $$"""{"credHelpers":{"{{registry.Host}}":"kept"} }""");
        var environment = new Dictionary<string, string?> { ["PATH"] = WriteHelper() };

        if (bySkopeo)
        {
            PeerResult login = await PeerProcess.RunAsync(
                skopeo.Path, ["login", "--authfile", file, "--tls-verify=false", "-u", "ann", "-p", "secret", registry.Host],
                environment: environment, cancellationToken: Token);
            Assert.True(login.ExitCode == 0, login.Error);
        }
        else
        {
            await LoginAsync(registry.Host, file, environment);
        }

        Assert.Contains("secret", await File.ReadAllTextAsync(_directory.Combine("bin", "kept"), Token), StringComparison.Ordinal);
        Assert.DoesNotContain("\"auth\"", await File.ReadAllTextAsync(file, Token), StringComparison.Ordinal);
        PeerResult ours = await Ocimg.RunWithAsync(null, environment, "digest", target, "--authfile", file);
        Assert.True(ours.ExitCode == 0, ours.Error);
        PeerResult theirs = await PeerProcess.RunAsync(
            skopeo.Path, ["inspect", "--authfile", file, "--tls-verify=false", $"docker://{target}"],
            environment: environment, cancellationToken: Token);
        Assert.True(theirs.ExitCode == 0, theirs.Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/private")]
    [InlineData("/private/app")]
    public async Task Login_OfOursIsUsedBySkopeo(string path)
    {
        Peer skopeo = Peer.Require("skopeo");
        await using DockerRegistry registry = await StartAsync();
        string target = await PushAsync(registry);
        string file = _directory.Combine("auth.json");

        await LoginAsync($"{registry.Host}{path}", file);

        await skopeo.RunOkAsync("inspect", "--authfile", file, "--tls-verify=false", $"docker://{target}");
        await skopeo.RunOkAsync("logout", "--authfile", file, $"{registry.Host}{path}");
        PeerResult after = await Ocimg.RunAsync("digest", target, "--authfile", file);
        Assert.Equal(5, after.ExitCode);
    }

    [Fact]
    public async Task Login_OfOursIsUsedByCraneAndOras()
    {
        Peer crane = Peer.Require("crane");
        Peer oras = Peer.Require("oras");
        await using DockerRegistry registry = await StartAsync();
        string target = await PushAsync(registry);
        string file = _directory.Combine("docker", "config.json");

        await LoginAsync(registry.Host, file);

        PeerResult byCrane = await PeerProcess.RunAsync(
            crane.Path, ["digest", "--insecure", target],
            environment: new Dictionary<string, string?> { ["DOCKER_CONFIG"] = Path.GetDirectoryName(file) }, cancellationToken: Token);
        Assert.True(byCrane.ExitCode == 0, byCrane.Error);
        await oras.RunOkAsync("manifest", "fetch", "--plain-http", "--registry-config", file, "--descriptor", target);
    }

    [Fact]
    public async Task Login_OfManyProcessesAtOnceLosesNone()
    {
        await using DockerRegistry registry = await StartAsync();
        string file = _directory.Combine("auth.json");
        string[] scopes = [.. Enumerable.Range(0, 8).Select(i => $"{registry.Host}/team{i}")];

        await Task.WhenAll(scopes.Select(scope => LoginAsync(scope, file)));

        using JsonDocument kept = JsonDocument.Parse(await File.ReadAllBytesAsync(file, Token));
        Assert.Equal(
            scopes, kept.RootElement.GetProperty("auths").EnumerateObject().Select(entry => entry.Name).Order(StringComparer.Ordinal));
    }

    private static async Task LoginAsync(string scope, string file, IReadOnlyDictionary<string, string?>? environment = null)
    {
        PeerResult result = await Ocimg.RunWithAsync(
            "secret\n", environment, "login", scope, "-u", "ann", "--password-stdin", "--plain-http", "--authfile", file);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    /// <summary>Writes a helper that keeps one credential; returns the PATH in which it is found.</summary>
    private string WriteHelper()
    {
        string path = _directory.WriteFile(
            "bin/docker-credential-kept",
            $$"""
            #!/bin/sh
            case "$1" in
              store) cat > '{{_directory.Combine("bin", "kept")}}' ;;
              get)
                cat '{{_directory.Combine("bin", "kept")}}' 2> /dev/null ||
                  { echo 'credentials not found in native keychain'; exit 1; } ;;
            esac

            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return $"{_directory.Combine("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
    }

    private Task<DockerRegistry> StartAsync() => DockerRegistry.StartAsync(_directory.CreateDirectory("registry"), Htpasswd);

    private static async Task<string> PushAsync(DockerRegistry registry)
    {
        string target = $"{registry.Host}/private/app:v1";
        await Ocimg.RunOkAsync("build", target, "--from", "scratch", "--platform", "linux/amd64", "--creds", "ann:secret");

        return target;
    }
}
