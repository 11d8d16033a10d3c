namespace OciImage.Layers;

/// <summary>Tells what was written as one archive.</summary>
/// <param name="DiffId">The SHA-256 digest of the archive, which is its DiffID as a layer.</param>
/// <param name="Size">The size of the archive in bytes.</param>
/// <param name="Entries">The number of entries.</param>
/// <param name="Bytes">The number of bytes of content.</param>
public sealed record FlattenedArchive(Digest DiffId, long Size, long Entries, long Bytes);
