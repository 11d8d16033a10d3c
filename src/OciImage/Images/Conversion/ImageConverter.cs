using OciImage.Content;

namespace OciImage.Images;

/// <summary>Copies images in another form: Docker's media types or OCI's, layers with gzip, zstd or no compression.</summary>
/// <remarks>
/// What is inside stays: the configurations' bytes, and so their digests, the DiffIDs, the order of everything, annotations,
/// platforms and fields that are not known. What has nothing to change is carried byte by byte and keeps its digest.
/// </remarks>
public static class ImageConverter
{
    /// <summary>Converts a manifest or an index with everything below it on the way to a target, then tags the result.</summary>
    /// <remarks>
    /// <para>
    /// All documents are read first, and what cannot be converted is refused before anything is written. Then come the layers,
    /// each read once: decompressed, held against its DiffID, compressed. Then the documents, children before parents, and the
    /// tag last. A failure leaves blobs that nothing refers to, and nothing else.
    /// </para>
    /// <para>
    /// The same source, options and versions give the same digests, whatever is known of layers. New digests are sha256. Layers of artifacts, encrypted ones,
    /// those that must not be distributed, and those of media types that are no layer's are not compressed again. docs/convert.md has the table.
    /// </para>
    /// </remarks>
    /// <param name="source">The place that has the image; it may be the target.</param>
    /// <param name="target">The place that gets the result.</param>
    /// <param name="root">The manifest or index.</param>
    /// <param name="reference">The tag for the result, or <see langword="null"/> for none.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="cancellationToken">Cancels the conversion; the tag is then either as before or as wanted.</param>
    /// <returns>What was made, and of what.</returns>
    /// <exception cref="ArgumentException">The options contradict each other, or the target cannot hold such a tag.</exception>
    /// <exception cref="NotSupportedException">
    /// A tag is given, and the target cannot hold tags; or the options ask for what the source cannot list, or for a compression that can only be read.
    /// </exception>
    /// <exception cref="ConversionException">The image has something that the wanted form has no room for.</exception>
    /// <exception cref="ContentNotFoundException">The source lacks content, or the index lacks a platform.</exception>
    /// <exception cref="ContentVerificationException">The source's bytes are not what a descriptor says, or it cannot be verified.</exception>
    /// <exception cref="DocumentFormatException">A document is malformed, too deep or too large, or has not as many DiffIDs as layers.</exception>
    /// <exception cref="LayerException">A layer is damaged, above a limit, or has another DiffID.</exception>
    public static async ValueTask<ConversionReport> ConvertAsync(
        IContentFetcher source,
        IContentStore target,
        Descriptor root,
        string? reference,
        ConversionOptions options,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(options);
        if (reference is not null)
        {
            ArgumentException.ThrowIfNullOrEmpty(reference);
            if (target is not IReferenceTagger)
            {
                throw new NotSupportedException("The target of the conversion cannot hold tags.");
            }
        }

        options = options.Clone();
        options.Check();
        AttachmentCopier.Check(source, target, options.Copy);
        if (options.Copy.Verifier is { } verifier)
        {
            await verifier.VerifyAsync(root, source, cancellationToken).ConfigureAwait(false);
            options.Copy.Verifier = null;
        }

        options.Knowledge ??= target as ILayerKnowledge;
        using IDisposable? hold = (target as IContentHolder)?.TryHold();
        var losses = new LossList(options.AllowLoss);
        GraphRoot selected;
        PlannedDocument plan;
        try
        {
            selected = await GraphRoot.SelectAsync(source, root, options.Copy, cancellationToken).ConfigureAwait(false);
            using var planner = new ConversionPlanner(source, options, losses);
            plan = await planner.PlanAsync(selected, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not ConversionException)
        {
            CopyFailure.Mark(exception, CopySide.Source);
            throw;
        }

        if (!plan.IsChanged)
        {
            Descriptor copied = await ContentCopy
                .CopyGraphAsync(source, target, root, reference, options.Copy, cancellationToken)
                .ConfigureAwait(false);
            return new ConversionReport(copied, copied, [], [], []);
        }

        try
        {
            using var run = new ConversionRun(source, target, options, plan, reference);
            Descriptor result = await run.RunAsync(cancellationToken).ConfigureAwait(false);
            return new ConversionReport(selected.Descriptor, result, run.Layers, losses.ToList(), run.Notes);
        }
        catch (Exception exception)
        {
            CopyFailure.Mark(exception, CopySide.Target);
            throw;
        }
    }
}
