using OciImage.Content;

namespace OciImage.Layers;

/// <summary>Provides options for unpacking layers.</summary>
public sealed class UnpackOptions
{
    /// <summary>Gets or sets what becomes of owners.</summary>
    /// <value>The default value is <see cref="OwnerPolicy.Automatic"/>.</value>
    public OwnerPolicy Owners { get; set; }

    /// <summary>Gets or sets what becomes of devices.</summary>
    /// <value>The default value is <see cref="DevicePolicy.Automatic"/>.</value>
    public DevicePolicy Devices { get; set; }

    /// <summary>Gets or sets whether a target that is not empty is replaced, once everything agreed.</summary>
    /// <value>The default value is <see langword="false"/>: the target must be absent or empty.</value>
    public bool Force { get; set; }

    /// <summary>Gets or sets the greatest number of entries of all layers.</summary>
    /// <value>The default value is 10 million.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long MaxEntries
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 10_000_000;

    /// <summary>Gets or sets the greatest number of uncompressed bytes of all layers, and the greatest size of a sparse file.</summary>
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

    /// <summary>Gets or sets where progress is reported: the compressed bytes read of each layer.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public IProgress<ContentProgress>? Progress { get; set; }

    // For tests: the walk that stands in for openat2 has to pass the same table.
    internal bool AvoidOpenAt2 { get; set; }

    internal UnpackOptions Clone() => (UnpackOptions)MemberwiseClone();
}
