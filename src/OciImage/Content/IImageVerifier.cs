namespace OciImage.Content;

/// <summary>Decides whether an image may be used; asked before a tag moves or a tree appears.</summary>
public interface IImageVerifier
{
    /// <summary>Returns when the image may be used, and throws when it may not.</summary>
    /// <param name="root">The descriptor of the manifest or index, already resolved to a digest.</param>
    /// <param name="source">The place that it comes from.</param>
    /// <param name="cancellationToken">Cancels the decision, which is then no consent.</param>
    /// <returns>A task that ends with consent.</returns>
    /// <exception cref="OciException">The image may not be used.</exception>
    ValueTask VerifyAsync(Descriptor root, IContentFetcher source, CancellationToken cancellationToken = default);
}
