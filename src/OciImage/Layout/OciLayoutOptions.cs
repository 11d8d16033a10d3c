namespace OciImage.Layout;

/// <summary>Provides options for a layout directory.</summary>
public sealed class OciLayoutOptions
{
    /// <summary>The namespace of names where none is named; other tools see its tags.</summary>
    public const string DefaultNamespace = "default";

    /// <summary>Gets or sets the namespace that tags, roots and leases belong to; blobs are shared by all.</summary>
    /// <value>The default value is <see cref="DefaultNamespace"/>.</value>
    /// <exception cref="ArgumentException">
    /// The value is no namespace as containerd has them: letters and digits in parts that one of <c>. _ -</c> separates, at most
    /// 76 characters, and not <c>version</c>.
    /// </exception>
    public string Namespace
    {
        get;
        set
        {
            LayoutNamespace.Check(value);
            field = value;
        }
    } = DefaultNamespace;

    /// <summary>Gets or sets whether blobs and the index are flushed to the device before they become visible.</summary>
    /// <value>The default value is <see langword="true"/>: what is visible survives a power cut.</value>
    public bool Durable { get; set; } = true;

    /// <summary>Gets or sets the greatest size of <c>index.json</c> in bytes.</summary>
    /// <value>The default value is 64 MiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxIndexSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 64 * 1024 * 1024;

    /// <summary>Gets or sets how long to wait for another process that changes <c>index.json</c>.</summary>
    /// <value>The default value is one minute.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan LockTimeout
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromMinutes(1);

    internal OciLayoutOptions Clone() => (OciLayoutOptions)MemberwiseClone();
}
