namespace OciImage.Compression;

/// <summary>Provides the limits that hold when content is decompressed.</summary>
public sealed class DecompressionOptions
{
    /// <summary>Gets or sets the greatest number of bytes that come out.</summary>
    /// <value>The default value is unlimited.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long MaxSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = long.MaxValue;

    /// <summary>Gets or sets how many times more bytes may come out than went in, after the first 64 MiB.</summary>
    /// <value>The default value is 2000, which no gzip member can reach; 0 is unlimited.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MaxRatio
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 2000;

    /// <summary>Gets or sets the most memory in bytes that zstd may ask for as its window, rounded down to a power of two.</summary>
    /// <value>The default value is 128 MiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1 KiB or more than 1 GiB.</exception>
    public int MaxZstdWindowSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1024);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1 << 30);
            field = value;
        }
    } = 128 * 1024 * 1024;

    /// <summary>Gets or sets who is told what was tolerated, such as bytes after the end.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public Action<string>? Report { get; set; }

    internal DecompressionOptions Clone() => (DecompressionOptions)MemberwiseClone();
}
