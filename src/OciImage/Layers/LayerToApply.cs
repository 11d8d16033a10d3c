namespace OciImage.Layers;

/// <summary>A layer with what its bytes must be, compressed and uncompressed.</summary>
/// <param name="Descriptor">The descriptor of the layer as it is stored.</param>
/// <param name="DiffId">The digest of the uncompressed archive, from the image configuration.</param>
public readonly record struct LayerToApply(Descriptor Descriptor, Digest DiffId);
