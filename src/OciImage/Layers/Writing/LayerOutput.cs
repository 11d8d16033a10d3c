using System.Buffers;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Brings entries and their content into a store as one layer.</summary>
internal static class LayerOutput
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Writes the nodes in the order that they come in; nothing becomes visible on failure.</summary>
    public static async ValueTask<WrittenLayer> WriteAsync(
        IContentIngester target,
        IEnumerable<SourceNode> nodes,
        LayerOutputOptions options,
        LayerRemarks remarks,
        CancellationToken cancellationToken)
    {
        ContentIngest ingest = await target
            .OpenIngestAsync($"layer-{Guid.NewGuid():N}", cancellationToken)
            .ConfigureAwait(false);
        await using (ingest.ConfigureAwait(false))
        {
            try
            {
                (Digest diffId, long size, long entries) = await WriteArchiveAsync(ingest, nodes, options, cancellationToken)
                    .ConfigureAwait(false);
                Descriptor descriptor = await ingest
                    .CommitAsync(MediaTypeOf(options), cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
                return new WrittenLayer(descriptor, diffId, size) { Entries = entries, Remarks = remarks.ToList() };
            }
            catch
            {
                await ingest.AbortAsync(CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }
    }

    private static async ValueTask<(Digest DiffId, long Size, long Entries)> WriteArchiveAsync(
        ContentIngest ingest, IEnumerable<SourceNode> nodes, LayerOutputOptions options, CancellationToken cancellationToken)
    {
        var stored = new IngestStream(ingest);
        Digest diffId;
        long size;
        long entries = 0;
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
                entries++;
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
            await buffered.FlushAsync(cancellationToken).ConfigureAwait(false);
            (diffId, size) = archive.Finish();
        }

        await stored.FlushAsync(cancellationToken).ConfigureAwait(false);
        return (diffId, size, entries);
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
            using SourceFile file = node.Open();
            long left = node.Entry.Size;
            int read;
            while ((read = await file.Content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
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

            file.ThrowIfChanged();
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

    private static string MediaTypeOf(LayerOutputOptions options) => (options.Compression, options.DockerMediaTypes) switch
    {
        (CompressionFormat.None, false) => MediaTypes.Layer,
        (CompressionFormat.None, true) => MediaTypes.DockerLayer,
        (CompressionFormat.Zstd, false) => MediaTypes.LayerZstd,
        (CompressionFormat.Zstd, true) => MediaTypes.DockerLayerZstd,
        (_, false) => MediaTypes.LayerGzip,
        (_, true) => MediaTypes.DockerLayerGzip,
    };
}
