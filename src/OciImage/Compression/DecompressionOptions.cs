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

    /// <summary>Gets or sets who is told what was tolerated, such as bytes after the end.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public Action<string>? Report { get; set; }

    internal DecompressionOptions Clone() => (DecompressionOptions)MemberwiseClone();
}
