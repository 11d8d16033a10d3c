using OciImage.Content;

namespace OciImage.Layers;

/// <summary>Provides options for reading the tree of an image.</summary>
public sealed class ImageFileTreeOptions
{
    /// <summary>Gets or sets the greatest number of entries of all layers; each takes some 400 bytes of memory.</summary>
    /// <value>The default value is 2 million.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long MaxEntries
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 2_000_000;

    /// <summary>Gets or sets the greatest number of uncompressed bytes of all layers, holes of sparse files included.</summary>
    /// <value>The default value is 1 TiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long MaxBytes
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 1L << 40;

    /// <summary>Gets or sets how many times more bytes a layer may have than its compressed form, after the first 64 MiB.</summary>
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

    /// <summary>Gets or sets how many directories deep an entry may stand.</summary>
    /// <value>The default value is 1024.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxDepth
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 1024;

    /// <summary>Gets or sets what becomes of layers of Windows images.</summary>
    /// <value>The default value is <see cref="WindowsLayerPolicy.Refuse"/>.</value>
    public WindowsLayerPolicy WindowsLayers { get; set; }

    /// <summary>Gets or sets where progress is reported: the compressed bytes read of each layer.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public IProgress<ContentProgress>? Progress { get; set; }

    internal LayerLimits Limits => new(MaxEntries, MaxBytes, MaxRatio, Progress);

    internal static ImageFileTreeOptions Of(UnpackOptions options) => new()
    {
        MaxEntries = options.MaxEntries,
        MaxBytes = options.MaxBytes,
        MaxRatio = options.MaxRatio,
        MaxDepth = options.MaxDepth,
        WindowsLayers = options.WindowsLayers,
        Progress = options.Progress,
    };

    internal ImageFileTreeOptions Clone() => (ImageFileTreeOptions)MemberwiseClone();
}
