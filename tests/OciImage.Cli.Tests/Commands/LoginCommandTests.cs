using System.Text;
using System.Text.Json;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

public sealed class LoginCommandTests : IDisposable
{
    private const string Password = "hunter2-hunter2";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Login_KeepsWhatTheRegistryAccepts(bool interactive)
    {
        await using var registry = new ScriptedRegistry(request => IsRight(request) ? "200 OK" : Unauthorized);
        string file = _directory.Combine("config.json");
        var terminal = new TestTerminal(interactive ? "user\n" : Password + "\n")
        {
            IsInputInteractive = interactive,
            Secret = Password,
        };
        string[] arguments = interactive ? [] : ["-u", "user", "--password-stdin"];

        int exitCode = await Ocimg.RunAsync(
            terminal, ["login", registry.Host, "--plain-http", "--authfile", file, .. arguments]);

        Assert.Equal("", terminal.Output);
        Assert.True(exitCode == ExitCode.Done, terminal.ErrorOutput);
        using JsonDocument kept = JsonDocument.Parse(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.True(kept.RootElement.GetProperty("auths").TryGetProperty(registry.Host, out _));
        Assert.DoesNotContain(Password, terminal.ErrorOutput, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task Login_KeepsNothingThatTheRegistryRefuses()
    {
        await using var registry = new ScriptedRegistry(_ => Unauthorized);
        string file = _directory.Combine("config.json");
        var terminal = new TestTerminal(Password + "\n");

        int exitCode = await Ocimg.RunAsync(
            terminal,
            "login", registry.Host, "--plain-http", "--authfile", file, "-u", "user", "--password-stdin");

        Assert.Equal(ExitCode.NotAuthorized, exitCode);
        Assert.False(File.Exists(file));
        Assert.DoesNotContain(Password, terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logout_ForgetsOnceAndThenFindsNothing()
    {
        await using var registry = new ScriptedRegistry(_ => "200 OK");
        string file = _directory.Combine("config.json");
        await Ocimg.RunAsync(
            new TestTerminal(Password + "\n"),
            "login", registry.Host, "--plain-http", "--authfile", file, "-u", "user", "--password-stdin");

        await Ocimg.RunOkAsync("logout", registry.Host, "--authfile", file);

        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "logout", registry.Host, "--authfile", file);
    }

    [Fact]
    public async Task Logout_FindsNothingInAFileThatIsNotThere() => await Ocimg.RunRefusedAsync(
        ExitCode.NotFound, "logout", "quay.example", "--authfile", _directory.Combine("none.json"));

    private const string Unauthorized = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"";

    private static bool IsRight(string request) => request.Contains(
        "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + Password)),
        StringComparison.OrdinalIgnoreCase);
}
