using OciImage.Compression;

namespace OciImage.Layout;

/// <summary>Provides options and limits for reading an archive of images.</summary>
public sealed class ImageArchiveOptions
{
    /// <summary>Gets or sets the greatest number of entries.</summary>
    /// <value>The default value is 100 000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxEntries
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 100_000;

    /// <summary>Gets or sets the greatest length in bytes of the name of an entry, and of a link's target.</summary>
    /// <value>The default value is 1024.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxNameLength
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 1024;

    /// <summary>Gets or sets the greatest size in bytes of one extended header.</summary>
    /// <value>The default value is 64 KiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxHeaderSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 64 * 1024;

    /// <summary>Gets or sets the greatest size in bytes of <c>index.json</c> and of <c>manifest.json</c>.</summary>
    /// <value>The default value is 16 MiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxIndexSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 16 * 1024 * 1024;

    /// <summary>Gets or sets the directory for the temporary file of an archive that is compressed or cannot be read from any place.</summary>
    /// <value>The default value is <see langword="null"/>: the system's directory for temporary files.</value>
    public string? TemporaryDirectory { get; set; }

    /// <summary>Gets or sets the greatest size in bytes of that temporary file.</summary>
    /// <value>The default value is 128 GiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long MaxSpoolSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 128L << 30;

    /// <summary>Gets or sets who is told how many bytes the temporary file has while it is written.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public IProgress<long>? SpoolProgress { get; set; }

    /// <summary>Gets or sets the limits for a compressed archive.</summary>
    /// <value>The default value has the default limits.</value>
    /// <exception cref="ArgumentNullException">The value is <see langword="null"/>.</exception>
    public DecompressionOptions Decompression
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = new();

    internal ImageArchiveOptions Clone()
    {
        var clone = (ImageArchiveOptions)MemberwiseClone();
        clone.Decompression = Decompression.Clone();

        return clone;
    }
}
