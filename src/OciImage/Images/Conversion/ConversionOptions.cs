using OciImage.Compression;
using OciImage.Content;

namespace OciImage.Images;

/// <summary>Provides options for converting images. Without a format and a compression nothing is converted.</summary>
public sealed class ConversionOptions
{
    /// <summary>Gets or sets the family of media types wanted.</summary>
    /// <value>The default value is <see langword="null"/>: every document keeps its own.</value>
    public ImageFormat? Format { get; set; }

    /// <summary>Gets or sets the compression of layers wanted: none, gzip or zstd.</summary>
    /// <value>The default value is <see langword="null"/>: every layer stays as it is.</value>
    public CompressionFormat? Compression { get; set; }

    /// <summary>Gets or sets the level of the layers that are compressed: 1 to 9 for gzip, 1 to 19 for zstd.</summary>
    /// <value>The default value is <see langword="null"/>: 6 for gzip, 3 for zstd.</value>
    public int? CompressionLevel { get; set; }

    /// <summary>Gets or sets whether layers that have the wanted compression already are compressed again, for another level.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool ForceCompression { get; set; }

    /// <summary>Gets or sets whether what the result cannot have is left out and reported, instead of refused.</summary>
    /// <remarks>
    /// That is: annotations, subjects, artifact types and fields that are not known, where a document becomes Docker's; artifacts
    /// and attestations in an index that becomes Docker's; and what refers to a document that gets another digest. Layers and
    /// images are never left out.
    /// </remarks>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool AllowLoss { get; set; }

    /// <summary>Gets or sets the limits that hold when a layer is decompressed.</summary>
    /// <value>The default value allows 1 TiB a layer, and else has the defaults of <see cref="DecompressionOptions"/>.</value>
    public DecompressionOptions Decompression
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = new() { MaxSize = 1L << 40 };

    /// <summary>Gets or sets how content is copied: platforms, concurrency, progress, limits, the verifier.</summary>
    /// <remarks>
    /// <see cref="CopyOptions.Sparse"/> means nothing here and is refused. Referrers and digest tags speak of digests, so they
    /// come along only with what is not changed; those of what is changed are refused, or left out where
    /// <see cref="AllowLoss"/> says so.
    /// </remarks>
    /// <value>The default value has the defaults of <see cref="CopyOptions"/>.</value>
    public CopyOptions Copy
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = new();

    /// <summary>Gets or sets who remembers layers, so that none is compressed or fetched twice.</summary>
    /// <value>The default value is <see langword="null"/>: the target, where it can; a layout and the memory store can.</value>
    public ILayerKnowledge? Knowledge { get; set; }

    /// <summary>Gets or sets the directory of the layers that are compressed for a target which wants digests first, as a registry does.</summary>
    /// <remarks>Their files have no name there (on Unix), or go when they are closed, so nothing is left whatever happens.</remarks>
    /// <value>The default value is <see langword="null"/>: the system's directory of temporary files.</value>
    public string? StagingDirectory { get; set; }

    internal ConversionOptions Clone()
    {
        var clone = (ConversionOptions)MemberwiseClone();
        clone.Copy = Copy.Clone();
        clone.Decompression = Decompression.Clone();

        return clone;
    }

    internal void Check()
    {
        if (Copy.Sparse)
        {
            throw new ArgumentException("A sparse copy keeps the index as it is, and a conversion changes it.");
        }

        if (Compression is null && (CompressionLevel is not null || ForceCompression))
        {
            throw new ArgumentException("A level, or compressing again, needs a compression.");
        }

        if (Compression == CompressionFormat.None && CompressionLevel is not null)
        {
            throw new ArgumentException("Layers that are not compressed have no level.");
        }

        if (Compression is { } compression)
        {
            LayerCompression.CheckCompressor(compression, CompressionLevel);
        }

        if (Format == ImageFormat.Docker && Compression == CompressionFormat.Zstd)
        {
            throw new ArgumentException("Docker's format has no layers compressed with zstd.");
        }
    }
}
