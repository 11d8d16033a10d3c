namespace OciImage.Layers;

/// <summary>A layer that was written into a store.</summary>
/// <param name="Descriptor">The descriptor of the layer as it is stored.</param>
/// <param name="DiffId">The digest of the uncompressed archive.</param>
/// <param name="UncompressedSize">The size of the uncompressed archive in bytes.</param>
public sealed record WrittenLayer(Descriptor Descriptor, Digest DiffId, long UncompressedSize);
