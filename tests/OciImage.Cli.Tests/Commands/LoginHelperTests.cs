using System.Text;
using System.Text.Json.Nodes;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

public sealed class LoginHelperTests : IDisposable
{
    private const string Password = "hunter2-hunter2";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Login_GivesTheCredentialToTheHelperAndCommandsTakeItFromThere()
    {
        WriteKeychain();
        string file = _directory.WriteFile("docker/config.json", """{"credsStore":"chain"}""");
        await using var registry = new ScriptedRegistry(Answer);
        TestTerminal login = Terminal(Password + "\n");

        int exitCode = await Ocimg.RunAsync(login, "login", registry.Host, "--plain-http", "-u", "user", "--password-stdin");

        Assert.True(exitCode == ExitCode.Done, login.ErrorOutput);
        Assert.Contains($"kept by the credential helper 'chain' that '{file}' names", login.ErrorOutput, StringComparison.Ordinal);
        JsonNode root = JsonNode.Parse(await File.ReadAllTextAsync(file, Token))!;
        Assert.Equal("{}", root["auths"]![registry.Host]!.ToJsonString());
        Assert.Equal(ExitCode.NotFound, await Ocimg.RunAsync(Terminal(), "tags", $"{registry.Host}/a", "--plain-http"));

        TestTerminal logout = Terminal();
        Assert.True(ExitCode.Done == await Ocimg.RunAsync(logout, "logout", registry.Host), logout.ErrorOutput);
        Assert.Equal(ExitCode.NotAuthorized, await Ocimg.RunAsync(Terminal(), "tags", $"{registry.Host}/a", "--plain-http"));
        Assert.Equal(ExitCode.NotFound, await Ocimg.RunAsync(Terminal(), "logout", registry.Host));
    }

    [Fact]
    public async Task Command_NamesTheHelperThatIsMissing()
    {
        string file = _directory.WriteFile("docker/config.json", """{"credsStore":"absent"}""");
        await using var registry = new ScriptedRegistry(Answer);
        TestTerminal terminal = Terminal();

        int exitCode = await Ocimg.RunAsync(terminal, "tags", $"{registry.Host}/a", "--plain-http");

        Assert.Equal(ExitCode.Failed, exitCode);
        Assert.Contains($"'absent', which '{file}' names, is not installed", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal_SaysWhereWasLooked()
    {
        string file = _directory.WriteFile("docker/config.json", """{"auths":{"other.example":{"auth":"YW5uOmI="}}}""");
        await using var registry = new ScriptedRegistry(Answer);
        TestTerminal terminal = Terminal();

        int exitCode = await Ocimg.RunAsync(terminal, "tags", $"{registry.Host}/a", "--plain-http");

        Assert.Equal(ExitCode.NotAuthorized, exitCode);
        Assert.Contains($"no credential in '{file}'", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Login_KeepsTheCredentialOfANamespace()
    {
        await using var registry = new ScriptedRegistry(Answer);
        string file = _directory.Combine("auth.json");
        TestTerminal login = Terminal(Password + "\n");

        int exitCode = await Ocimg.RunAsync(
            login, "login", $"{registry.Host}/team", "--plain-http", "-u", "user", "--password-stdin", "--authfile", file);

        Assert.True(exitCode == ExitCode.Done, login.ErrorOutput);
        string[] access = ["--plain-http", "--authfile", file];
        Assert.Equal(ExitCode.NotFound, await Ocimg.RunAsync(Terminal(), ["tags", $"{registry.Host}/team/app", .. access]));
        Assert.Equal(ExitCode.NotAuthorized, await Ocimg.RunAsync(Terminal(), ["tags", $"{registry.Host}/other", .. access]));
        Assert.Equal(ExitCode.Done, await Ocimg.RunAsync(Terminal(), "logout", $"{registry.Host}/team", "--authfile", file));
    }

    [Theory]
    [InlineData("a.example/team:tag")]
    [InlineData("https://a.example")]
    [InlineData("a.example/")]
    [InlineData("a.example/Team")]
    [InlineData("team")]
    public async Task Login_RefusesWhatIsNoRegistryOrNamespace(string scope)
    {
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "login", scope, "-u", "user");
    }

    [Fact]
    public async Task Login_WritesTheFileThatTheEnvironmentNames()
    {
        await using var registry = new ScriptedRegistry(Answer);
        string file = _directory.Combine("named", "auth.json");
        TestTerminal login = Terminal(Password + "\n");
        login.Variables["REGISTRY_AUTH_FILE"] = file;

        int exitCode = await Ocimg.RunAsync(login, "login", registry.Host, "--plain-http", "-u", "user", "--password-stdin");

        Assert.True(exitCode == ExitCode.Done, login.ErrorOutput);
        Assert.Contains(registry.Host, await File.ReadAllTextAsync(file, Token), StringComparison.Ordinal);
        Assert.DoesNotContain("another credential", login.ErrorOutput, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory.Combine("docker")));
    }

    [Fact]
    public async Task LoginAndLogout_TellOfAnotherCredentialThatComesFirst()
    {
        await using var registry = new ScriptedRegistry(Answer);
        string first = _directory.WriteFile("home/.config/containers/auth.json", $$"""{"auths":{"{{registry.Host}}":{"auth":"YW5uOmI="} } }""");
        TestTerminal login = Terminal(Password + "\n");
        TestTerminal logout = Terminal();

        await Ocimg.RunAsync(login, "login", registry.Host, "--plain-http", "-u", "user", "--password-stdin");
        await Ocimg.RunAsync(logout, "logout", registry.Host);

        Assert.Contains($"comes first: '{first}' entry '{registry.Host}'", login.ErrorOutput, StringComparison.Ordinal);
        Assert.Contains($"another credential for '{registry.Host}': '{first}'", logout.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Login_WithoutAHomeAsksForAFile()
    {
        string error = await Ocimg.RunRefusedAsync(ExitCode.Usage, "login", "a.example", "-u", "user", "--password-stdin");

        Assert.Contains("--authfile", error, StringComparison.Ordinal);
    }

    // Nothing is there, which only those with the credential are told.
    private static string Answer(string request) =>
        !request.Contains("Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + Password)), StringComparison.OrdinalIgnoreCase)
            ? "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\""
        : request.StartsWith("GET /v2/ ", StringComparison.Ordinal) ? "200 OK"
        : "404 Not Found";

    private TestTerminal Terminal(string input = "")
    {
        var terminal = new TestTerminal(input);
        terminal.Variables["HOME"] = _directory.CreateDirectory("home");
        terminal.Variables["DOCKER_CONFIG"] = _directory.Combine("docker");
        terminal.Variables["PATH"] = $"{_directory.CreateDirectory("bin")}:{Environment.GetEnvironmentVariable("PATH")}";

        return terminal;
    }

    // One credential for whatever registry, of whom the name is asked.
    private void WriteKeychain()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The helper is a shell script.");
        string path = _directory.WriteFile(
            "bin/docker-credential-chain",
            """
            #!/bin/sh
            kept="$0.kept"
            case "$1" in
              store) cat > "$kept" ;;
              erase) cat > /dev/null; rm "$kept" 2> /dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;
              get) cat > /dev/null; cat "$kept" 2> /dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;
            esac

            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }
}
