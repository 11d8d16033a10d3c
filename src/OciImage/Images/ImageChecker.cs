using OciImage.Content;

namespace OciImage.Images;

/// <summary>Reads every byte below a root and says what is wrong: sizes, digests, documents, DiffIDs.</summary>
public static class ImageChecker
{
    /// <summary>Checks a manifest or an index with everything below it. A fault does not end the check.</summary>
    /// <remarks>
    /// Layers of images are decompressed and read as archives. A subject is not followed, since it may be absent, and a layer
    /// that must not be distributed may be absent as well. The check gives up after 1000 faults.
    /// </remarks>
    /// <param name="source">The place that has the content.</param>
    /// <param name="root">The manifest, index or blob.</param>
    /// <param name="progress">Told of each piece of content that was read, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>What was read, and every fault.</returns>
    /// <exception cref="RegistryException">The registry refuses or cannot be reached, so that nothing can be said.</exception>
    public static async ValueTask<CheckReport> CheckAsync(
        IContentFetcher source,
        Descriptor root,
        IProgress<ContentProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(root);
        var check = new ImageCheck(source, progress);
        await check.VisitAsync(root, depth: 0, cancellationToken).ConfigureAwait(false);

        return check.ToReport();
    }
}
