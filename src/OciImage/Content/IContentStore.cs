namespace OciImage.Content;

/// <summary>Opens content, takes it in, and tells what is there.</summary>
public interface IContentStore : IContentFetcher, IContentPusher
{
    /// <summary>Tells whether content is there. Nothing is read of it.</summary>
    /// <param name="descriptor">The content asked for.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns><see langword="true"/> when it is there.</returns>
    ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default);
}
