using OciImage.Content;

namespace OciImage.Cli.Output;

/// <summary>Writes a line for every piece of content that has arrived, for logs.</summary>
internal sealed class PlainProgress(TextWriter writer) : ProgressReporter
{
    private readonly Lock _lock = new();

    public override void Report(ContentProgress value)
    {
        string? what = value.State switch
        {
            ContentProgressState.Completed => "done",
            ContentProgressState.AlreadyPresent => "there already",
            ContentProgressState.Mounted => "mounted",
            ContentProgressState.LeftOut => "left out: gone, or no referrer",
            _ => null,
        };
        if (what is null)
        {
            return;
        }

        lock (_lock)
        {
            writer.WriteLine($"{value.Descriptor.Digest}  {ByteSize.ToText(value.Descriptor.Size)}  {what}");
        }
    }
}
