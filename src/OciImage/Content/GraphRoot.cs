namespace OciImage.Content;

/// <summary>The root of a copy, after platforms were chosen.</summary>
/// <param name="Descriptor">What is written last and tagged.</param>
/// <param name="Bytes">Its bytes where they are known already: those of a new index of some platforms, or of a sparse one.</param>
/// <param name="Narrowed">The indexes that are copied sparsely and their only children to copy, or <see langword="null"/>.</param>
internal sealed record GraphRoot(
    Descriptor Descriptor,
    ReadOnlyMemory<byte>? Bytes = null,
    IReadOnlyDictionary<Digest, IReadOnlyList<Descriptor>>? Narrowed = null)
{
    public static async ValueTask<GraphRoot> SelectAsync(
        IContentFetcher source, Descriptor root, CopyOptions options, CancellationToken cancellationToken) =>
        options.Platforms.Count == 0 || !MediaTypes.IsIndex(root.MediaType)
            ? new GraphRoot(root)
            : await new PlatformNarrowing(source, options).SelectAsync(root, cancellationToken).ConfigureAwait(false);
}
