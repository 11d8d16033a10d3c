namespace OciImage.Tar;

/// <summary>Provides the limits that hold when an archive is read.</summary>
public sealed class TarReaderOptions
{
    /// <summary>Gets or sets the greatest size in bytes of one extended header, long name or sparse map.</summary>
    /// <value>The default value is 1 MiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxMetadataSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 1024 * 1024;

    /// <summary>Gets or sets the greatest number of entries.</summary>
    /// <value>The default value is unlimited.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long MaxEntries
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = long.MaxValue;

    /// <summary>Gets or sets the greatest size in bytes of a sparse file with its holes, which cost the archive nothing.</summary>
    /// <value>The default value is 1 TiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long MaxSparseSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 1L << 40;

    internal TarReaderOptions Clone() => (TarReaderOptions)MemberwiseClone();
}
