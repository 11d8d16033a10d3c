namespace OciImage.Content;

/// <summary>Moves one piece of content: not at all, by a mount, or byte by byte.</summary>
internal static class ContentTransfer
{
    public static async ValueTask TransferAsync(
        IContentFetcher source,
        IContentStore target,
        Descriptor descriptor,
        CopyOptions options,
        bool trustTarget,
        CancellationToken cancellationToken)
    {
        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        if (trustTarget && await target.ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            Report(options, descriptor, ContentProgressState.AlreadyPresent);
            return;
        }

        if (target is IBlobMounter mounter && !MediaTypes.IsManifestOrIndex(descriptor.MediaType) &&
            await mounter.TryMountAsync(descriptor, source, cancellationToken).ConfigureAwait(false))
        {
            Report(options, descriptor, ContentProgressState.Mounted);
            return;
        }

        ReplayableContent content = descriptor.TryGetVerifiedData(out ReadOnlyMemory<byte> data)
            ? ReplayableContent.FromBytes(data)
            : new TransferContent(source, descriptor, options);
        try
        {
            await target.PushAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
        }
        catch (ContentVerificationException) when (source is IAlternateSource alternate && alternate.MayDiffer(descriptor))
        {
            await target.PushAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
        }

        Report(options, descriptor, ContentProgressState.Completed);
    }

    /// <summary>Writes a document and tags it, in one step where the target can.</summary>
    public static async ValueTask PushTaggedAsync(
        IContentStore target,
        Descriptor descriptor,
        ReadOnlyMemory<byte> bytes,
        string? reference,
        CancellationToken cancellationToken)
    {
        ReplayableContent content = ReplayableContent.FromBytes(bytes);
        if (reference is not null && target is IReferencePusher pusher)
        {
            await pusher.PushAsync(descriptor, content, reference, cancellationToken).ConfigureAwait(false);
            return;
        }

        await target.PushAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
        if (reference is not null)
        {
            await TagAsync(target, descriptor, reference, cancellationToken).ConfigureAwait(false);
        }
    }

    public static ValueTask TagAsync(
        IContentStore target, Descriptor descriptor, string reference, CancellationToken cancellationToken) =>
        target is IReferenceTagger tagger
            ? tagger.TagAsync(descriptor, reference, cancellationToken)
            : throw new NotSupportedException("The target cannot hold tags.");

    /// <summary>Returns what a tag points to at the target, or <see langword="null"/> where there is no such tag.</summary>
    public static async ValueTask<Descriptor?> FindTagAsync(
        IContentStore target, string reference, CancellationToken cancellationToken)
    {
        if (target is not IReferenceResolver resolver)
        {
            return null;
        }

        try
        {
            return await CopyFailure
                .MarkAsync(CopySide.Target, target is IOriginResolver origin
                    ? origin.ResolveAtOriginAsync(reference, cancellationToken)
                    : resolver.ResolveAsync(reference, cancellationToken))
                .ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
            return null;
        }
    }

    public static void Report(CopyOptions options, Descriptor descriptor, ContentProgressState state) =>
        options.Progress?.Report(new ContentProgress(descriptor, descriptor.Size, state));
}
