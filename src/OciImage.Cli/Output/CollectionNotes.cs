using System.Text.Json;
using OciImage.Cli.Terminal;
using OciImage.Layout;

namespace OciImage.Cli.Output;

/// <summary>Writes a line when a collection enters a stage, and now and then while it is in it.</summary>
internal sealed class CollectionNotes(ITerminal terminal, ProgressStyle style) : IProgress<CollectionProgress>
{
    // A log is read by people: a minute's collection makes a dozen lines.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private CollectionStage? _stage;
    private long _written;

    public void Report(CollectionProgress value)
    {
        lock (_lock)
        {
            if (style == ProgressStyle.None || value.Stage == CollectionStage.Done ||
                (_stage == value.Stage && terminal.Time.GetElapsedTime(_written) < Interval))
            {
                return;
            }

            _stage = value.Stage;
            _written = terminal.Time.GetTimestamp();
            string stage = JsonNamingPolicy.CamelCase.ConvertName(value.Stage.ToString());
            terminal.Error.WriteLine(style == ProgressStyle.Json
                ? JsonSerializer.Serialize(
                    new StageResult(stage, value.Done, value.Total), ResultJsonContext.Lines.StageResult)
                : $"{stage}  {value.Done} of {value.Total} blobs");
        }
    }
}
