namespace OciImage.Content;

/// <summary>Replaces content that is damaged or missing. A capability that a store may have.</summary>
public interface IContentRepairer
{
    /// <summary>Reads what the store has of a digest, takes it away when it is damaged, and fetches it from elsewhere.</summary>
    /// <param name="descriptor">The content.</param>
    /// <param name="sources">The places that may have it, asked in turn; what they give is verified. May be empty.</param>
    /// <param name="cancellationToken">Cancels the repair.</param>
    /// <returns>What was done. Content that no source has is missing afterwards, and no longer damaged.</returns>
    /// <exception cref="ContentVerificationException">The digest's algorithm is not one that can be verified.</exception>
    /// <exception cref="IOException">The store cannot be written.</exception>
    ValueTask<RepairResult> RepairAsync(
        Descriptor descriptor, IReadOnlyList<IContentFetcher> sources, CancellationToken cancellationToken = default);
}
