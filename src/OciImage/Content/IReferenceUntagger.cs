namespace OciImage.Content;

/// <summary>Takes names away from content. A capability that a place may have.</summary>
public interface IReferenceUntagger
{
    /// <summary>Removes a tag and leaves the content where it is.</summary>
    /// <param name="reference">The tag.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the tag is gone.</returns>
    /// <exception cref="ContentNotFoundException">There is no such tag here.</exception>
    ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default);
}
