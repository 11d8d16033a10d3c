namespace OciImage.Cli.Tests;

/// <summary>Runs command lines in this process.</summary>
internal static class Ocimg
{
    public static Task<int> RunAsync(TestTerminal terminal, params IReadOnlyList<string> arguments) =>
        OcimgApplication.RunAsync(arguments, terminal, TestContext.Current.CancellationToken);

    /// <summary>Runs a command line that must succeed; returns its standard output without the last line end.</summary>
    public static async Task<string> RunOkAsync(params IReadOnlyList<string> arguments)
    {
        var terminal = new TestTerminal();
        int exitCode = await RunAsync(terminal, arguments);
        Assert.True(
            exitCode == ExitCode.Done,
            $"'ocimg {string.Join(' ', arguments)}' exited with {exitCode}:\n{terminal.ErrorOutput}");

        return terminal.Output.TrimEnd('\n');
    }

    /// <summary>Runs a command line that must fail; returns its error output.</summary>
    public static async Task<string> RunRefusedAsync(int exitCode, params IReadOnlyList<string> arguments)
    {
        var terminal = new TestTerminal();
        int actual = await RunAsync(terminal, arguments);
        Assert.True(
            exitCode == actual,
            $"'ocimg {string.Join(' ', arguments)}' exited with {actual}, expected {exitCode}:\n{terminal.ErrorOutput}");
        Assert.Equal("", terminal.Output);

        return terminal.ErrorOutput;
    }
}
