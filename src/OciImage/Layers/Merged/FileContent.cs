namespace OciImage.Layers;

/// <summary>Where the content of a file is, and what it must be.</summary>
/// <param name="Layer">The number of the layer, from the base, which is 0.</param>
/// <param name="Entry">The number of its entry in the layer, from 0.</param>
/// <param name="Size">The size in bytes, holes included.</param>
internal sealed record FileContent(int Layer, long Entry, long Size)
{
    /// <summary>Gets or sets the SHA-256 digest of the content, or nothing as long as it was not read.</summary>
    public byte[] Sha256 { get; set; } = [];
}
