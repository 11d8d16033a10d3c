namespace OciImage.Content;

/// <summary>Opens content by its descriptor.</summary>
public interface IContentFetcher
{
    /// <summary>Opens content for reading. The stream verifies size and digest by itself.</summary>
    /// <param name="descriptor">What is wanted.</param>
    /// <param name="cancellationToken">Cancels the opening; later reads take tokens of their own.</param>
    /// <returns>A stream over the content, which the caller disposes.</returns>
    /// <exception cref="ContentNotFoundException">There is no such content here.</exception>
    /// <exception cref="ContentVerificationException">What is here has another length, or the digest's algorithm cannot be verified.</exception>
    ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default);
}
