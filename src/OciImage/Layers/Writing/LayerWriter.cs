using System.Buffers;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Writes layers: the same files give the same DiffID on every machine.</summary>
public static class LayerWriter
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Writes a layer out of files and directories.</summary>
    /// <remarks>
    /// Entries stand in the order of their paths' bytes with the slash first, parents before children; the first of several
    /// hard links in that order has the content. Sockets are left out. Where two inputs have the same path the later one wins, and
    /// directories are merged. The stored bytes depend on the compression and its version, the DiffID does not.
    /// </remarks>
    /// <param name="target">The store that takes the layer in.</param>
    /// <param name="inputs">What goes into the layer.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the writing; nothing becomes visible then.</param>
    /// <returns>The layer.</returns>
    /// <exception cref="IOException">A file is missing, cannot be read, or changed its size while it was read.</exception>
    /// <exception cref="LayerException">A name is that of a whiteout, or cannot stand in an archive.</exception>
    public static async ValueTask<WrittenLayer> WriteAsync(
        IContentIngester target,
        IReadOnlyList<LayerInput> inputs,
        LayerWriterOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(inputs);
        options = options?.Clone() ?? new LayerWriterOptions();
        using SourceTree tree = LayerTree.Collect(inputs, options);
        ContentIngest ingest = await target
            .OpenIngestAsync($"layer-{Guid.NewGuid():N}", cancellationToken)
            .ConfigureAwait(false);
        await using (ingest.ConfigureAwait(false))
        {
            try
            {
                (Digest diffId, long size) = await WriteAsync(ingest, tree.Nodes.Values, options, cancellationToken)
                    .ConfigureAwait(false);
                Descriptor descriptor = await ingest
                    .CommitAsync(MediaTypeOf(options), cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
                return new WrittenLayer(descriptor, diffId, size);
            }
            catch
            {
                await ingest.AbortAsync(CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }
    }

    private static async ValueTask<(Digest DiffId, long Size)> WriteAsync(
        ContentIngest ingest, IEnumerable<SourceNode> nodes, LayerWriterOptions options, CancellationToken cancellationToken)
    {
        var stored = new IngestStream(ingest);
        Digest diffId;
        long size;
        Stream compressed = LayerCompression.OpenCompressor(
            stored, options.Compression, options.CompressionLevel, leaveOpen: true);
        await using (compressed.ConfigureAwait(false))
        {
            using var archive = new ArchiveStream(compressed);

            // Not disposed: it owns nothing but its buffer, and would end the stream below it.
            var buffered = new BufferedStream(archive, BufferSize);
            var writer = new TarWriter(buffered);
            var links = new Dictionary<(ulong, ulong), byte[]>();
            foreach (SourceNode node in nodes)
            {
                await WriteAsync(writer, node, links, cancellationToken).ConfigureAwait(false);
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
            await buffered.FlushAsync(cancellationToken).ConfigureAwait(false);
            (diffId, size) = archive.Finish();
        }

        await stored.FlushAsync(cancellationToken).ConfigureAwait(false);
        return (diffId, size);
    }

    private static async ValueTask WriteAsync(
        TarWriter writer, SourceNode node, Dictionary<(ulong, ulong), byte[]> links, CancellationToken cancellationToken)
    {
        if (node.LinkIdentity is { } identity && !links.TryAdd(identity, node.Entry.Name.ToArray()))
        {
            await writer.WriteEntryAsync(AsHardLink(node.Entry, links[identity]), cancellationToken).ConfigureAwait(false);
            return;
        }

        await writer.WriteEntryAsync(node.Entry, cancellationToken).ConfigureAwait(false);
        if (node.Open is null || node.Entry.Size == 0)
        {
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            using FileStream content = node.Open();
            long left = node.Entry.Size;
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (read > left)
                {
                    break;
                }

                await writer.WriteContentAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                left -= read;
            }

            if (read > 0 || left > 0)
            {
                throw new IOException($"'{Excerpt.Of(node.Entry.DisplayName)}' changed its size while it was read.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static TarEntry AsHardLink(TarEntry entry, byte[] first) => new()
    {
        Type = TarEntryType.HardLink,
        Name = entry.Name,
        LinkName = first,
        Mode = entry.Mode,
        Uid = entry.Uid,
        Gid = entry.Gid,
        ModifiedTime = entry.ModifiedTime,
    };

    private static string MediaTypeOf(LayerWriterOptions options) => (options.Compression, options.DockerMediaTypes) switch
    {
        (CompressionFormat.None, false) => MediaTypes.Layer,
        (CompressionFormat.None, true) => MediaTypes.DockerLayer,
        (CompressionFormat.Zstd, false) => MediaTypes.LayerZstd,
        (CompressionFormat.Zstd, true) => MediaTypes.DockerLayerZstd,
        (_, false) => MediaTypes.LayerGzip,
        (_, true) => MediaTypes.DockerLayerGzip,
    };
}
