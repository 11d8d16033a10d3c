using OciImage.Cli.Terminal;
using OciImage.Content;

namespace OciImage.Cli.Output;

/// <summary>Shows the progress of transfers until it is disposed.</summary>
internal abstract class ProgressReporter : IProgress<ContentProgress>, IAsyncDisposable
{
    public static ProgressReporter Start(ITerminal terminal, ProgressStyle style) => style switch
    {
        ProgressStyle.None => new NoProgress(),
        ProgressStyle.Json => new JsonProgress(terminal.Error),
        ProgressStyle.Auto or ProgressStyle.Bar when terminal.IsErrorInteractive && BarProgress.CanDraw(terminal) =>
            new BarProgress(terminal),
        _ => new PlainProgress(terminal.Error),
    };

    public abstract void Report(ContentProgress value);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class NoProgress : ProgressReporter
    {
        public override void Report(ContentProgress value)
        {
        }
    }
}
