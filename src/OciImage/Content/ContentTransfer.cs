namespace OciImage.Content;

/// <summary>Moves one piece of content: not at all, by a mount, or byte by byte.</summary>
internal static class ContentTransfer
{
    public static async ValueTask TransferAsync(
        IContentFetcher source,
        IContentStore target,
        Descriptor descriptor,
        CopyOptions options,
        CancellationToken cancellationToken)
    {
        if (await target.ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
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
            : ReplayableContent.FromFetcher(source, descriptor);
        if (options.Progress is not null)
        {
            content = new ReportingContent(content, descriptor, options.Progress, options.TimeProvider);
        }

        await target.PushAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
        Report(options, descriptor, ContentProgressState.Completed);
    }

    public static void Report(CopyOptions options, Descriptor descriptor, ContentProgressState state) =>
        options.Progress?.Report(new ContentProgress(descriptor, descriptor.Size, state));
}
