namespace OciImage.Content;

/// <summary>Reads the documents of one graph and refuses a graph that costs too much before the cost is paid.</summary>
/// <remarks>All members may be used by many threads at once.</remarks>
internal sealed class GraphReader(IContentFetcher source, CopyOptions options)
{
    private int _edges;
    private long _bytes;

    /// <summary>Reads a manifest or an index of the source and what it refers to.</summary>
    public ValueTask<(ReadOnlyMemory<byte> Bytes, IReadOnlyList<Descriptor> Children)> ReadAsync(
        Descriptor descriptor, CancellationToken cancellationToken) =>
        ReadAsync(source, CopySide.Source, descriptor, cancellationToken);

    /// <summary>Reads a manifest or an index of either side and what it refers to.</summary>
    public async ValueTask<(ReadOnlyMemory<byte> Bytes, IReadOnlyList<Descriptor> Children)> ReadAsync(
        IContentFetcher store, CopySide side, Descriptor descriptor, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> bytes = await ReadBytesAsync(store, side, descriptor, cancellationToken).ConfigureAwait(false);
        try
        {
            return (bytes, Count(ContentGraph.ParseChildren(descriptor, bytes, options.Documents)));
        }
        catch (Exception exception)
        {
            CopyFailure.Mark(exception, side);
            throw;
        }
    }

    /// <summary>Reads a manifest or an index of either side as it is.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadBytesAsync(
        IContentFetcher store, CopySide side, Descriptor descriptor, CancellationToken cancellationToken)
    {
        try
        {
            // A size beyond the limit for one document is refused by the read; it must not overflow the sum.
            long size = Math.Min(descriptor.Size, int.MaxValue);
            if (Interlocked.Add(ref _bytes, size) > options.MaxDocumentBytes)
            {
                throw new DocumentFormatException(
                    $"The manifests and indexes of the graph have more than {options.MaxDocumentBytes} bytes.");
            }

            return await ContentGraph.ReadAsync(store, descriptor, options.Documents, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            CopyFailure.Mark(exception, side);
            throw;
        }
    }

    /// <summary>Counts children against the limit. A shared one counts for each parent: looking at it costs time too.</summary>
    public IReadOnlyList<Descriptor> Count(IReadOnlyList<Descriptor> children)
    {
        Count(children.Count);
        return children;
    }

    /// <summary>Counts what is about to be looked at against the limit.</summary>
    public void Count(int edges)
    {
        if (Interlocked.Add(ref _edges, edges) > options.MaxNodes)
        {
            throw new DocumentFormatException($"The graph has more than {options.MaxNodes} pieces of content.");
        }
    }
}
