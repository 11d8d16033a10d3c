namespace OciImage.Content;

/// <summary>A copy's content as parts that are fetched at the same time: observed as one, each failure marked as the source's.</summary>
/// <remarks>All members may be used by many threads at once. Nothing is verified here.</remarks>
internal sealed class RangedContent(
    IContentRangeFetcher source, Descriptor descriptor, CopyOptions options, TransferObserver observer)
{
    // A part costs a request, and often a redirect: larger parts make that small, smaller ones let the hash follow closely.
    private const long MinPartLength = 16L * 1024 * 1024;
    private const long MaxPartLength = 64L * 1024 * 1024;
    private const int PartsPerRange = 4;

    private readonly Lock _lock = new();
    private long _received;

    public Descriptor Descriptor => descriptor;

    /// <summary>Gets how many parts are fetched at the same time.</summary>
    public int MaxRanges => options.RangesPerBlob;

    /// <summary>Gets the length of every part but the last.</summary>
    public long PartLength { get; } = Math.Clamp(
        descriptor.Size / (PartsPerRange * options.RangesPerBlob),
        Math.Clamp(options.ParallelRangeThreshold / options.RangesPerBlob, 1, MinPartLength),
        MaxPartLength);

    /// <summary>Gets whether the source, asked for a part, said that it only gives content as a whole.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Gets whether the source has several places, of which only one stream tells which gave other content.</summary>
    public bool HasAlternates => source is IAlternateSource;

    public async ValueTask<UnverifiedRangeStream?> TryOpenAsync(long offset, long length, CancellationToken cancellationToken)
    {
        UnverifiedRangeStream? stream = await CopyFailure
            .MarkAsync(CopySide.Source, source.TryOpenRangeAsync(descriptor, offset, length, cancellationToken))
            .ConfigureAwait(false);
        IsRefused |= stream is null;

        return stream;
    }

    public async ValueTask<int> ReadAsync(Stream part, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await CopyFailure
            .MarkAsync(CopySide.Source, part.ReadAsync(buffer, cancellationToken))
            .ConfigureAwait(false);
        if (read > 0)
        {
            lock (_lock)
            {
                _received += read;
                observer.OnRead(_received);
            }
        }

        return read;
    }
}
