namespace OciImage.Content;

/// <summary>Takes content over from another store without moving bytes through this process. A capability that a store may have.</summary>
public interface IBlobMounter
{
    /// <summary>Tries to take content over; the target decides whether it can.</summary>
    /// <param name="descriptor">The content.</param>
    /// <param name="source">The store that has it.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <returns><see langword="true"/> when the content is here now; <see langword="false"/> when it must be pushed.</returns>
    ValueTask<bool> TryMountAsync(
        Descriptor descriptor, IContentFetcher source, CancellationToken cancellationToken = default);
}
