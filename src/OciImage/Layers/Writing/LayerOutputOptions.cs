using OciImage.Compression;

namespace OciImage.Layers;

/// <summary>Provides the options that hold for every layer that is written, wherever its entries come from.</summary>
public abstract class LayerOutputOptions
{
    private protected LayerOutputOptions()
    {
    }

    /// <summary>Gets or sets how the layer is compressed.</summary>
    /// <value>The default value is <see cref="CompressionFormat.Gzip"/>.</value>
    public CompressionFormat Compression { get; set; } = CompressionFormat.Gzip;

    /// <summary>Gets or sets the level of compression, or <see langword="null"/> for the format's default.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public int? CompressionLevel { get; set; }

    /// <summary>Gets or sets the time that later times are set to, as SOURCE_DATE_EPOCH asks.</summary>
    /// <value>The default value is <see langword="null"/>: times stay as the file system has them.</value>
    public DateTimeOffset? ClampTimesTo { get; set; }

    /// <summary>Gets or sets the owner of every entry; <see langword="null"/> keeps what the file system says.</summary>
    /// <value>
    /// The default value is user 0 and group 0 in <see cref="LayerWriterOptions"/>, since what a project's files belong to says
    /// nothing about an image, and <see langword="null"/> in <see cref="LayerDiffOptions"/>, since a change of owner is a difference.
    /// </value>
    public (long Uid, long Gid)? Owner { get; set; }

    /// <summary>Gets or sets whether the layer has Docker's media type instead of OCI's.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool DockerMediaTypes { get; set; }
}
