using System.Text.Json;
using OciImage.Content;

namespace OciImage.Cli.Output;

/// <summary>Writes a JSON line for every report, for programs.</summary>
internal sealed class JsonProgress(TextWriter writer) : ProgressReporter
{
    private readonly Lock _lock = new();

    public override void Report(ContentProgress value)
    {
        var line = new ProgressResult(
            value.Descriptor.Digest.ToString(),
            value.Descriptor.MediaType,
            value.Descriptor.Size,
            value.BytesTransferred,
            JsonNamingPolicy.CamelCase.ConvertName(value.State.ToString()));
        lock (_lock)
        {
            writer.WriteLine(JsonSerializer.Serialize(line, ResultJsonContext.Lines.ProgressResult));
        }
    }
}
