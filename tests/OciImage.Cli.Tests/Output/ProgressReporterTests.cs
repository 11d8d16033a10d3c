using System.Text.Json;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Tests.Output;

public sealed class ProgressReporterTests
{
    private static readonly Descriptor Content = Descriptor.Create(MediaTypes.LayerGzip, "hello"u8);

    [Fact]
    public async Task Plain_WritesALineForWhatHasArrived()
    {
        var terminal = new TestTerminal();

        await ReportAsync(terminal, ProgressStyle.Plain);

        Assert.Equal($"{Content.Digest}  5 B  done\n", terminal.ErrorOutput);
    }

    [Fact]
    public async Task Json_WritesALineForEveryReport()
    {
        var terminal = new TestTerminal();

        await ReportAsync(terminal, ProgressStyle.Json);

        string[] lines = terminal.ErrorOutput.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        JsonElement last = JsonDocument.Parse(lines[1]).RootElement;
        Assert.Equal("completed", last.GetProperty("state").GetString());
        Assert.Equal(5, last.GetProperty("transferred").GetInt64());
    }

    [Fact]
    public async Task None_WritesNothing()
    {
        var terminal = new TestTerminal();

        await ReportAsync(terminal, ProgressStyle.None);

        Assert.Equal("", terminal.ErrorOutput);
    }

    [Theory]
    [InlineData("Auto")]
    [InlineData("Bar")]
    public async Task Bar_IsDrawnOnTheErrorOutputAndEnds(string style)
    {
        var terminal = new TestTerminal { IsErrorInteractive = true };

        await ReportAsync(terminal, Enum.Parse<ProgressStyle>(style));

        Assert.Contains("100%", terminal.ErrorOutput, StringComparison.Ordinal);
        Assert.Equal("", terminal.Output);
    }

    [Theory]
    [InlineData("Auto", false, "xterm")] // nobody watches
    [InlineData("Bar", false, "xterm")]
    [InlineData("Auto", true, "dumb")] // the cursor cannot move
    public async Task Bar_IsPlainWhereItCannotBeDrawn(string style, bool interactive, string kind)
    {
        var terminal = new TestTerminal { IsErrorInteractive = interactive, Variables = { ["TERM"] = kind } };

        await ReportAsync(terminal, Enum.Parse<ProgressStyle>(style));

        Assert.Equal($"{Content.Digest}  5 B  done\n", terminal.ErrorOutput);
    }

    private static async Task ReportAsync(TestTerminal terminal, ProgressStyle style)
    {
        await using ProgressReporter reporter = ProgressReporter.Start(terminal, style);
        reporter.Report(new ContentProgress(Content, 2, ContentProgressState.Transferring));
        reporter.Report(new ContentProgress(Content, 5, ContentProgressState.Completed));
    }
}
