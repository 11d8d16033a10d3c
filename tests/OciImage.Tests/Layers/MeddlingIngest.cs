using OciImage.Content;

namespace OciImage.Tests.Layers;

/// <summary>Content on its way in, whose first bytes set something off.</summary>
internal sealed class MeddlingIngest(ContentIngest ingest, Action meddle) : ContentIngest
{
    private Action? _meddle = meddle;

    public override string Key => ingest.Key;

    public override long Offset => ingest.Offset;

    public override ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        _meddle?.Invoke();
        _meddle = null;
        return ingest.AppendAsync(bytes, cancellationToken);
    }

    public override ValueTask<Descriptor> CommitAsync(
        string mediaType, Digest? expected = null, CancellationToken cancellationToken = default) =>
        ingest.CommitAsync(mediaType, expected, cancellationToken);

    public override ValueTask AbortAsync(CancellationToken cancellationToken = default) => ingest.AbortAsync(cancellationToken);

    public override ValueTask DisposeAsync() => ingest.DisposeAsync();
}
