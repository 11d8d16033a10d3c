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

    /// <summary>Gets or sets what survives a power cut.</summary>
    /// <value>The default value is <see cref="Durability.Full"/>: what is visible survives.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the levels.</exception>
    public Durability Durability
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative((int)value, nameof(value));
            ArgumentOutOfRangeException.ThrowIfGreaterThan((int)value, (int)Durability.Full, nameof(value));
            field = value;
        }
    } = Durability.Full;

    /// <summary>Gets or sets how old unfinished content must be that nobody has open, to be removed by the first write.</summary>
    /// <value>The default value is a day; <see langword="null"/> removes nothing unasked.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? IngestGracePeriod
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value ?? TimeSpan.Zero, TimeSpan.Zero, nameof(value));
            field = value;
        }
    } = TimeSpan.FromDays(1);

    /// <summary>Gets or sets how long damaged content is kept that was moved away, before the first write removes it.</summary>
    /// <value>The default value is a week; <see langword="null"/> removes nothing unasked.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? QuarantineGracePeriod
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value ?? TimeSpan.Zero, TimeSpan.Zero, nameof(value));
            field = value;
        }
    } = TimeSpan.FromDays(7);

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

    /// <summary>Gets or sets the clock by which leases end.</summary>
    /// <value>The default value is the system's.</value>
    public TimeProvider TimeProvider
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = TimeProvider.System;

    internal OciLayoutOptions Clone() => (OciLayoutOptions)MemberwiseClone();
}
