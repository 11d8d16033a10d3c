using OciImage.Content;

namespace OciImage.Layers;

/// <summary>Writes into an ingest.</summary>
internal sealed class IngestStream(ContentIngest ingest) : WriteOnlyStream
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        // Codecs finish with synchronous writes; an ingest into memory or a file has completed by the time it returns.
        ValueTask append = ingest.AppendAsync(buffer.ToArray());
        if (!append.IsCompletedSuccessfully)
        {
            append.AsTask().GetAwaiter().GetResult();
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        ingest.AppendAsync(buffer, cancellationToken);
}
