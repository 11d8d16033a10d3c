using OciImage.Compression;

namespace OciImage.Layers;

/// <summary>Provides options for writing a layer.</summary>
public sealed class LayerWriterOptions
{
    /// <summary>Gets or sets how the layer is compressed.</summary>
    /// <value>The default value is <see cref="CompressionFormat.Gzip"/>.</value>
    public CompressionFormat Compression { get; set; } = CompressionFormat.Gzip;

    /// <summary>Gets or sets the level of compression, or <see langword="null"/> for the format's default.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public int? CompressionLevel { get; set; }

    /// <summary>Gets or sets the time that later times are set to, as SOURCE_DATE_EPOCH asks.</summary>
    /// <value>The default value is <see langword="null"/>: times stay as the file system has them.</value>
    public DateTimeOffset? ClampTimesTo { get; set; }

    /// <summary>Gets or sets the owner of every entry.</summary>
    /// <value>The default value is user 0 and group 0; <see langword="null"/> keeps what the file system says.</value>
    public (long Uid, long Gid)? Owner { get; set; } = (0, 0);

    /// <summary>Gets or sets whether the layer has Docker's media type instead of OCI's.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool DockerMediaTypes { get; set; }

    internal LayerWriterOptions Clone() => (LayerWriterOptions)MemberwiseClone();
}
