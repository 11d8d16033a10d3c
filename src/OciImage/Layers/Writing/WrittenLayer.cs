namespace OciImage.Layers;

/// <summary>A layer that was written into a store.</summary>
/// <param name="Descriptor">The descriptor of the layer as it is stored.</param>
/// <param name="DiffId">The digest of the uncompressed archive.</param>
/// <param name="UncompressedSize">The size of the uncompressed archive in bytes.</param>
public sealed record WrittenLayer(Descriptor Descriptor, Digest DiffId, long UncompressedSize)
{
    /// <summary>Gets the number of entries in the archive.</summary>
    public long Entries { get; init; }

    /// <summary>Gets what was left out, such as sockets: at most 1000 remarks, and one that says if there were more.</summary>
    public IReadOnlyList<LayerRemark> Remarks { get; init; } = [];
}
