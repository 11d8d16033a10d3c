using OciImage.Compression;
using OciImage.Content;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads one layer in a single pass: stored bytes → digest → decompression → DiffID → entries.</summary>
internal static class LayerStream
{
    /// <summary>Hands out the entries of a layer, reads it to its very end, and refuses it when anything disagrees.</summary>
    public static async ValueTask ReadAsync(
        IContentFetcher source,
        LayerToApply layer,
        UnpackOptions options,
        LayerRemarks remarks,
        Func<TarReader, TarEntry, ValueTask> apply,
        CancellationToken cancellationToken)
    {
        remarks.Layer = layer.Descriptor.Digest;
        ContentStream stored = await source.OpenReadAsync(layer.Descriptor, cancellationToken).ConfigureAwait(false);
        await using (stored.ConfigureAwait(false))
        {
            using var start = new PeekStream(stored);
            CompressionFormat format = await DetectAsync(start, layer.Descriptor, remarks, cancellationToken).ConfigureAwait(false);
            var limits = new DecompressionOptions { MaxSize = options.MaxBytes, MaxRatio = options.MaxRatio, Report = remarks.Add };
            Stream archive = LayerCompression.OpenDecompressor(start, format, limits, leaveOpen: true);
            await using (archive.ConfigureAwait(false))
            {
                using var hashed = new HashingStream(archive, layer.DiffId);
                using var reader = new TarReader(hashed, new TarReaderOptions { MaxEntries = options.MaxEntries });
                long reported = 0;
                while (await reader.ReadNextAsync(cancellationToken).ConfigureAwait(false) is { } entry)
                {
                    await apply(reader, entry).ConfigureAwait(false);
                    if (options.Progress is not null && stored.Position - reported > 4 * 1024 * 1024)
                    {
                        reported = stored.Position;
                        options.Progress.Report(new(layer.Descriptor, reported, ContentProgressState.Transferring));
                    }
                }

                await reader.DrainAsync(cancellationToken).ConfigureAwait(false);
                await stored.CompleteAsync(cancellationToken).ConfigureAwait(false);
                hashed.Verify(layer.Descriptor);
                if (source is ILayerKnowledge knowledge)
                {
                    await knowledge.RememberLayerAsync(
                        new KnownLayer(layer.DiffId, layer.Descriptor.Digest, layer.Descriptor.Size), cancellationToken)
                        .ConfigureAwait(false);
                }

                foreach (string oddity in reader.Oddities)
                {
                    remarks.Add($"Layer '{layer.Descriptor.Digest}': {oddity}");
                }
            }
        }

        options.Progress?.Report(new(layer.Descriptor, layer.Descriptor.Size, ContentProgressState.Completed));
    }

    // The bytes decide: registries have carried layers under another compression's media type, and Docker's tools read them.
    private static async ValueTask<CompressionFormat> DetectAsync(
        PeekStream start, Descriptor descriptor, LayerRemarks remarks, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> magic = await start.PeekAsync(LayerCompression.MagicLength, cancellationToken).ConfigureAwait(false);
        CompressionFormat actual = LayerCompression.Detect(magic.Span);
        CompressionFormat promised = LayerCompression.FromMediaType(descriptor.MediaType) ??
            throw new LayerException(
                LayerErrorKind.Unsupported, $"'{Excerpt.Of(descriptor.MediaType)}' is not the media type of a layer.");
        if (actual != promised && magic.Length > 0)
        {
            remarks.Add($"Layer '{descriptor.Digest}' is announced as {promised}, but is {actual}.");
        }

        return actual;
    }
}
