using OciImage.Compression;

namespace OciImage.Layout;

/// <summary>Provides options for writing an archive of images.</summary>
public sealed class ImageArchiveWriterOptions
{
    /// <summary>Gets or sets what is written.</summary>
    /// <value>The default value is <see cref="ImageArchiveFormat.Hybrid"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not known.</exception>
    public ImageArchiveFormat Format
    {
        get;
        set => field = Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    /// <summary>Gets or sets how the archive as a whole is compressed: not at all, with gzip or with zstd.</summary>
    /// <value>The default value is <see cref="CompressionFormat.None"/>, which can be read in place.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is one that can only be read.</exception>
    public CompressionFormat Compression
    {
        get;
        set => field = value is CompressionFormat.None or CompressionFormat.Gzip or CompressionFormat.Zstd
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value));
    }

    /// <summary>Gets or sets the repository, such as <c>docker.io/library/alpine</c>, that is put before a tag that is given alone.</summary>
    /// <value>The default value is <see langword="null"/>: a tag that is given alone stays one, by which Docker names nothing.</value>
    public string? Repository { get; set; }

    /// <summary>Gets or sets the platform of the manifest that Docker loads where an image has several.</summary>
    /// <value>The default value is <see langword="null"/>: this machine's.</value>
    public Platform? DockerPlatform { get; set; }

    internal ImageArchiveWriterOptions Clone() => (ImageArchiveWriterOptions)MemberwiseClone();
}
