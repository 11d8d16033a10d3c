namespace OciImage.Content;

/// <summary>Opens parts of content, which nothing verifies. A capability that a store may have.</summary>
public interface IContentRangeFetcher
{
    /// <summary>Opens a part of content, where the store can do that for this content.</summary>
    /// <param name="descriptor">The content.</param>
    /// <param name="offset">The first byte wanted, from 0 to the content's size.</param>
    /// <param name="length">How many bytes are wanted, at most to the content's end.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>Exactly that part, unverified; or <see langword="null"/> where the store only gives content as a whole.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not within the content.</exception>
    /// <exception cref="ContentNotFoundException">There is no such content here.</exception>
    /// <exception cref="ContentVerificationException">The content here has another length.</exception>
    ValueTask<UnverifiedRangeStream?> TryOpenRangeAsync(
        Descriptor descriptor, long offset, long length, CancellationToken cancellationToken = default);
}
