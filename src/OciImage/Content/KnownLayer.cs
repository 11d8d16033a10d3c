namespace OciImage.Content;

/// <summary>One stored form of a layer.</summary>
/// <param name="DiffId">The digest of the uncompressed archive.</param>
/// <param name="Digest">The digest of the layer as it is stored.</param>
/// <param name="Size">The size in bytes of the layer as it is stored.</param>
/// <param name="Recipe">
/// What makes exactly these bytes of the archive: codec, level and version, as text of at most 64 characters of [A-Za-z0-9._-];
/// <see langword="null"/> where somebody else made them.
/// </param>
public sealed record KnownLayer(Digest DiffId, Digest Digest, long Size, string? Recipe = null);
