using OciImage.Cli.Terminal;
using OciImage.Content;
using Spectre.Console;

namespace OciImage.Cli.Output;

/// <summary>Draws a bar for every piece of content that is moving.</summary>
internal sealed class BarProgress : ProgressReporter
{
    // Long enough to tell digests apart, short enough for 80 columns.
    private const int ShownDigits = 12;

    private readonly Dictionary<Digest, ProgressTask> _bars = [];
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _drawing;
    private ProgressContext? _drawn;

    public BarProgress(ITerminal terminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(terminal.Error),
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
        });
        _drawing = console.Progress()
            .AutoClear(false)
            .HideCompleted(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(),
                new DownloadedColumn(), new TransferSpeedColumn())
            .StartAsync(context =>
            {
                _drawn = context;
                return _end.Task;
            });
    }

    /// <summary>Tells whether a terminal can move its cursor.</summary>
    public static bool CanDraw(ITerminal terminal) => terminal.GetVariable("TERM") != "dumb";

    public override void Report(ContentProgress value)
    {
        lock (_lock)
        {
            if (_drawn is null)
            {
                return;
            }

            if (!_bars.TryGetValue(value.Descriptor.Digest, out ProgressTask? bar))
            {
                string encoded = value.Descriptor.Digest.Encoded;
                bar = _drawn.AddTask(
                    Markup.Escape(encoded[..Math.Min(ShownDigits, encoded.Length)]),
                    maxValue: Math.Max(1, value.Descriptor.Size));
                _bars.Add(value.Descriptor.Digest, bar);
            }

            bar.Value = value.State == ContentProgressState.Transferring ? value.BytesTransferred : bar.MaxValue;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _end.TrySetResult();
        await _drawing;
        await base.DisposeAsync();
    }
}
