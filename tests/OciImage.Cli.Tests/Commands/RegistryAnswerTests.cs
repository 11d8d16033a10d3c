using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

/// <summary>What a registry answers becomes an exit code.</summary>
public sealed class RegistryAnswerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("404 Not Found", ExitCode.NotFound)]
    [InlineData("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", ExitCode.NotAuthorized)]
    [InlineData("403 Forbidden", ExitCode.NotAuthorized)]
    [InlineData("400 Bad Request", ExitCode.Failed)]
    public async Task Digest_ExitsByWhatTheRegistryAnswers(string answer, int expected)
    {
        await using var registry = new ScriptedRegistry(_ => answer);

        string error = await Ocimg.RunRefusedAsync(
            expected, "digest", $"{registry.Host}/a:v1", "--plain-http", "--creds", "user:hunter2-hunter2");

        Assert.StartsWith("ocimg: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--creds", ExitCode.NotFound)] // sent, so that the registry looks for the image
    [InlineData("--src-creds", ExitCode.NotFound)]
    [InlineData("--dest-creds", ExitCode.NotAuthorized)] // not for this side
    public async Task Copy_TellsAPasswordToItsSideOnly(string option, int expected)
    {
        await using var registry = new ScriptedRegistry(request =>
            request.Contains("Authorization: Basic dXNlcjpodW50ZXIyLWh1bnRlcjI=", StringComparison.OrdinalIgnoreCase)
                ? "404 Not Found"
                : "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"");

        await Ocimg.RunRefusedAsync(
            expected, "copy", $"{registry.Host}/a:v1", "oci:" + _directory.Combine("layout"),
            "--plain-http", "--authfile", _directory.WriteFile("config.json", "{}"), option, "user:hunter2-hunter2");
    }

    [Fact]
    public async Task Copy_ThatIsCancelledExitsWith130AndLeavesNoImage()
    {
        await using var registry = new ScriptedRegistry(_ => null);
        using var cancellation = new CancellationTokenSource();
        var terminal = new TestTerminal();

        Task<int> running = OcimgApplication.RunAsync(
            ["pull", $"{registry.Host}/a:v1", _directory.Combine("layout"), "--plain-http"], terminal, cancellation.Token);
        await Task.WhenAny(registry.Asked, running);
        await cancellation.CancelAsync();

        Assert.Equal(ExitCode.Cancelled, await running);
        Assert.Equal("ocimg: cancelled.\n", terminal.ErrorOutput);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }
}
