using System.Collections.Concurrent;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Images;

/// <summary>Makes a layer in another compression, or finds that the target has it.</summary>
internal sealed class LayerConverter(IContentFetcher source, IContentStore target, ConversionOptions options)
{
    private readonly ConcurrentQueue<string> _notes = new();

    public IReadOnlyList<string> Notes => [.. _notes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Brings the wanted form of a layer to the target.</summary>
    public async ValueTask<(Descriptor Content, LayerOutcome Outcome)> ConvertAsync(
        LayerJob job, Descriptor layer, CancellationToken cancellationToken)
    {
        IReadOnlyList<KnownLayer> known = options.Knowledge is null
            ? []
            : await options.Knowledge.FindLayersAsync(job.DiffId, cancellationToken).ConfigureAwait(false);

        // Exactly these bytes and no others of the same archive, so that a result never depends on what was known.
        foreach (KnownLayer form in known.Where(form => form.Recipe == job.Recipe))
        {
            Descriptor content = Describe(form, job);
            if (await target.ExistsAsync(content, cancellationToken).ConfigureAwait(false))
            {
                ContentTransfer.Report(options.Copy, layer, ContentProgressState.AlreadyPresent);
                return (content, LayerOutcome.Reused);
            }
        }

        if (await TryConvertAtTargetAsync(job, layer, known, cancellationToken).ConfigureAwait(false) is { } made)
        {
            return (made, LayerOutcome.ConvertedAtTarget);
        }

        try
        {
            return (await MakeAsync(source, layer, job, cancellationToken).ConfigureAwait(false), LayerOutcome.Converted);
        }
        catch (ContentVerificationException) when (source is IAlternateSource alternate && alternate.MayDiffer(layer))
        {
            return (await MakeAsync(source, layer, job, cancellationToken).ConfigureAwait(false), LayerOutcome.Converted);
        }
    }

    // A local target may have the layer itself, or another form of it: the network is spared.
    private async ValueTask<Descriptor?> TryConvertAtTargetAsync(
        LayerJob job, Descriptor layer, IReadOnlyList<KnownLayer> known, CancellationToken cancellationToken)
    {
        if (target is not IUncheckedParents || source is IUncheckedParents)
        {
            return null;
        }

        IEnumerable<Descriptor> forms = known.Select(form => Describe(form, job)).Prepend(layer.ToContentDescriptor());
        foreach (Descriptor form in forms.DistinctBy(form => form.Digest))
        {
            try
            {
                if (form.Digest.CanVerify && await target.ExistsAsync(form, cancellationToken).ConfigureAwait(false))
                {
                    return await MakeAsync(target, form, job, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (OciException exception) when (exception is LayerException or ContentVerificationException or ContentNotFoundException)
            {
                // It is damaged, or went away; the source decides what the layer is.
                _notes.Enqueue($"'{form.Digest}' at the target was of no use: {exception.Message}");
            }
        }

        return null;
    }

    // Stored bytes → digest → decompression → DiffID → compression → the target, in one pass with a few buffers of memory.
    private async ValueTask<Descriptor> MakeAsync(
        IContentFetcher from, Descriptor layer, LayerJob job, CancellationToken cancellationToken)
    {
        ContentIngest ingest = target is IContentIngester ingester
            ? await ingester.OpenIngestAsync($"convert-{Guid.NewGuid():N}", cancellationToken).ConfigureAwait(false)
            : StagedIngest.Create(target, options.StagingDirectory);
        Descriptor made;
        await using (ingest.ConfigureAwait(false))
        {
            try
            {
                var stored = new IngestStream(ingest);
                Stream compressor = LayerCompression.OpenCompressor(
                    stored, job.Format, job.Level == 0 ? null : job.Level, leaveOpen: true);
                await using (compressor.ConfigureAwait(false))
                {
                    await ReadAsync(from, layer, job.DiffId, compressor, cancellationToken).ConfigureAwait(false);
                }

                await stored.FlushAsync(cancellationToken).ConfigureAwait(false);
                made = await ingest
                    .CommitAsync(LayerMediaType.Of(job.Format, docker: false), cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
            }
            catch
            {
                await ingest.AbortAsync(CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }

        ContentTransfer.Report(options.Copy, layer, ContentProgressState.Completed);
        await RememberAsync(layer, made, job, cancellationToken).ConfigureAwait(false);

        return made;
    }

    private async ValueTask ReadAsync(
        IContentFetcher from, Descriptor layer, Digest diffId, Stream to, CancellationToken cancellationToken)
    {
        ContentStream stored = ContentStream.Over(
            await CopyFailure.MarkAsync(CopySide.Source, from.OpenReadAsync(layer, cancellationToken)).ConfigureAwait(false), layer);
        await using (stored.ConfigureAwait(false))
        {
            stored.Observer = new TransferObserver(layer, options.Copy.Progress, options.Copy.TimeProvider);
            using var start = new PeekStream(stored);
            ReadOnlyMemory<byte> magic =
                await start.PeekAsync(LayerCompression.MagicLength, cancellationToken).ConfigureAwait(false);
            CompressionFormat format = LayerCompression.Detect(magic.Span);
            if (ReferenceEquals(from, source) && magic.Length > 0 && LayerCompression.FromMediaType(layer.MediaType) != format)
            {
                _notes.Enqueue($"Layer '{layer.Digest}' is announced as '{Excerpt.Of(layer.MediaType)}', but is {format}.");
            }

            DecompressionOptions limits = options.Decompression.Clone();
            limits.Report = note => _notes.Enqueue($"Layer '{layer.Digest}': {note}");
            Stream archive = LayerCompression.OpenDecompressor(start, format, limits, leaveOpen: true);
            await using (archive.ConfigureAwait(false))
            {
                using var hashed = new HashingStream(archive, diffId);
                try
                {
                    await OverlappedCopy.CopyAsync(hashed, to, cancellationToken).ConfigureAwait(false);
                    await stored.CompleteAsync(cancellationToken).ConfigureAwait(false);
                    hashed.Verify(layer);
                }
                catch (LayerException exception)
                {
                    CopyFailure.Mark(exception, CopySide.Source);
                    if (exception.Kind != LayerErrorKind.LimitExceeded)
                    {
                        // Damaged bytes seldom decompress: when the stored bytes are at fault, that is the fault to tell.
                        await stored.CompleteAsync(cancellationToken).ConfigureAwait(false);
                    }

                    throw;
                }
            }
        }
    }

    private async ValueTask RememberAsync(
        Descriptor layer, Descriptor made, LayerJob job, CancellationToken cancellationToken)
    {
        if (options.Knowledge is not { } knowledge)
        {
            return;
        }

        await knowledge
            .RememberLayerAsync(new KnownLayer(job.DiffId, made.Digest, made.Size, job.Recipe), cancellationToken)
            .ConfigureAwait(false);
        if (layer.Digest != made.Digest)
        {
            await knowledge
                .RememberLayerAsync(new KnownLayer(job.DiffId, layer.Digest, layer.Size), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static Descriptor Describe(KnownLayer form, LayerJob job) =>
        new() { MediaType = LayerMediaType.Of(job.Format, docker: false), Digest = form.Digest, Size = form.Size };
}
