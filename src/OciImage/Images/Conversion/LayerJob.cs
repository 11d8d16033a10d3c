using OciImage.Compression;

namespace OciImage.Images;

/// <summary>A layer that is to be compressed in another way.</summary>
/// <param name="DiffId">The digest that the uncompressed archive must have.</param>
/// <param name="Format">The compression wanted.</param>
/// <param name="Level">The level wanted; 0 where the format has none.</param>
internal sealed record LayerJob(Digest DiffId, CompressionFormat Format, int Level)
{
    public string Recipe => LayerCompression.DescribeCompressor(Format, Level);
}
