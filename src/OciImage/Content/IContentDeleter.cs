namespace OciImage.Content;

/// <summary>Removes content. A capability that a store may have.</summary>
public interface IContentDeleter
{
    /// <summary>Removes content and every tag that points to it; what it refers to stays.</summary>
    /// <param name="descriptor">The content.</param>
    /// <param name="cancellationToken">Cancels the removal.</param>
    /// <returns>A task that ends when the content is no longer visible.</returns>
    /// <exception cref="ContentNotFoundException">There is no such content here.</exception>
    ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default);
}
