namespace OciImage.Content;

/// <summary>Gives content a name.</summary>
public interface IReferenceTagger
{
    /// <summary>Lets a tag point to content that is there already; a tag of that name moves.</summary>
    /// <param name="descriptor">The content, usually a manifest or an index.</param>
    /// <param name="reference">The tag.</param>
    /// <param name="cancellationToken">Cancels the change; the tag is then either as before or as wanted.</param>
    /// <returns>A task that ends when the tag is visible.</returns>
    /// <exception cref="ContentNotFoundException">The content is not here.</exception>
    /// <exception cref="ArgumentException">The tag is not one that this place can hold.</exception>
    ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default);
}
