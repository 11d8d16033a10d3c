namespace OciImage.Content;

/// <summary>Writes content and gives it a name in one step. A capability that a place may have.</summary>
public interface IReferencePusher
{
    /// <summary>Writes a manifest or an index and lets a tag point to it.</summary>
    /// <param name="descriptor">What the content is.</param>
    /// <param name="content">The content.</param>
    /// <param name="reference">The tag.</param>
    /// <param name="cancellationToken">Cancels the write; the tag is then either as before or as wanted.</param>
    /// <returns>A task that ends when content and tag are visible.</returns>
    /// <exception cref="ContentVerificationException">The content is not what the descriptor says.</exception>
    ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, string reference, CancellationToken cancellationToken = default);
}
