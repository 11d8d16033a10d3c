namespace OciImage.Content;

/// <summary>Takes content in under its descriptor.</summary>
public interface IContentPusher
{
    /// <summary>Writes content. It becomes visible all at once, when size and digest agree with the descriptor, or never.</summary>
    /// <remarks>Pushing what is there already succeeds and may read nothing of <paramref name="content"/>.</remarks>
    /// <param name="descriptor">What the content is.</param>
    /// <param name="content">The content, which may be opened more than once and from an offset.</param>
    /// <param name="cancellationToken">Cancels the write; nothing becomes visible then.</param>
    /// <returns>A task that ends when the content is visible.</returns>
    /// <exception cref="ContentVerificationException">The content is not what the descriptor says.</exception>
    ValueTask PushAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default);
}
