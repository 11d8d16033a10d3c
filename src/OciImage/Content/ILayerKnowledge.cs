namespace OciImage.Content;

/// <summary>Remembers which stored layers are the same archive, so that none is compressed or fetched twice. A capability that a store may have.</summary>
/// <remarks>
/// What is known is a hint that saves time: it may be lost at any moment, and it never says that a layer is there. Whoever
/// remembers a layer has read all of it and computed both digests; what a document claims is no knowledge.
/// </remarks>
public interface ILayerKnowledge
{
    /// <summary>Finds the stored forms of a layer that are known.</summary>
    /// <param name="diffId">The digest of the uncompressed archive.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <returns>The forms, none where nothing is known; whether one is there still has to be asked.</returns>
    ValueTask<IReadOnlyList<KnownLayer>> FindLayersAsync(Digest diffId, CancellationToken cancellationToken = default);

    /// <summary>Remembers a layer, where that is possible; a failure to do so is no error.</summary>
    /// <param name="layer">The layer, whose digests the caller computed.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <returns>A task that ends when the layer is remembered, or cannot be.</returns>
    ValueTask RememberLayerAsync(KnownLayer layer, CancellationToken cancellationToken = default);
}
