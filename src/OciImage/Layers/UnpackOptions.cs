using OciImage.Content;

namespace OciImage.Layers;

/// <summary>Provides options for unpacking layers.</summary>
public sealed class UnpackOptions
{
    /// <summary>Gets or sets what becomes of owners.</summary>
    /// <value>The default value is <see cref="OwnerPolicy.Automatic"/>.</value>
    public OwnerPolicy Owners { get; set; }

    /// <summary>Gets or sets which owners stand for those of the image, where <see cref="Owners"/> says to map them.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public OwnerMap? OwnerMap { get; set; }

    /// <summary>Gets or sets which extended attributes are set: names, or beginnings of names with a <c>*</c> at the end.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: all but <c>security.selinux</c>, <c>security.ima</c>, <c>security.evm</c>,
    /// <c>system.nfs4_acl</c>, <c>trusted.overlay.*</c> and <c>user.overlay.*</c>. An empty list sets none.
    /// </value>
    public IReadOnlyList<string>? AllowedXattrs { get; set; }

    /// <summary>Gets or sets what becomes of layers of Windows images.</summary>
    /// <value>The default value is <see cref="WindowsLayerPolicy.Refuse"/>.</value>
    public WindowsLayerPolicy WindowsLayers { get; set; }

    /// <summary>Gets or sets what becomes of names that the file system cannot have, on other systems than Linux.</summary>
    /// <value>The default value is <see cref="NamePolicy.Skip"/>.</value>
    public NamePolicy Names { get; set; }

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

    /// <summary>Gets or sets where progress is reported: the compressed bytes read of each layer.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public IProgress<ContentProgress>? Progress { get; set; }

    // For tests: the walk that stands in for openat2 has to pass the same table.
    internal bool AvoidOpenAt2 { get; set; }

    // For tests: another system's rules, and its way to make a tree.
    internal IPortableFileSystem? PortableFiles { get; set; }

    internal UnpackOptions Clone() => (UnpackOptions)MemberwiseClone();
}
