using OciImage.Content;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Hands out the entries of one layer, and what its bytes prove.</summary>
internal static class LayerStream
{
    private const int ReportedBytes = 4 * 1024 * 1024;

    /// <summary>Hands out the entries of a layer, reads it to its very end, and refuses it when anything disagrees.</summary>
    public static async ValueTask ReadAsync(
        IContentFetcher source,
        LayerToApply layer,
        LayerLimits limits,
        LayerRemarks remarks,
        Func<TarReader, TarEntry, ValueTask> apply,
        CancellationToken cancellationToken)
    {
        LayerArchive archive = await LayerArchive.OpenAsync(source, layer, limits, remarks, cancellationToken).ConfigureAwait(false);
        await using (archive.ConfigureAwait(false))
        {
            long reported = 0;
            while (await archive.Reader.ReadNextAsync(cancellationToken).ConfigureAwait(false) is { } entry)
            {
                await apply(archive.Reader, entry).ConfigureAwait(false);
                if (limits.Progress is not null && archive.StoredPosition - reported > ReportedBytes)
                {
                    reported = archive.StoredPosition;
                    limits.Progress.Report(new(layer.Descriptor, reported, ContentProgressState.Transferring));
                }
            }

            await archive.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        limits.Progress?.Report(new(layer.Descriptor, layer.Descriptor.Size, ContentProgressState.Completed));
    }
}
