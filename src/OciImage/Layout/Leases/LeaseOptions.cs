namespace OciImage.Layout;

/// <summary>Provides options for a new lease.</summary>
public sealed class LeaseOptions
{
    /// <summary>Gets or sets the lease's name.</summary>
    /// <value>The default value is <see langword="null"/>: a random one.</value>
    /// <exception cref="ArgumentException">The value has not the form of a namespace.</exception>
    public string? Id
    {
        get;
        set
        {
            if (value is not null && !LayoutNamespace.IsIdentifier(value))
            {
                throw new ArgumentException($"'{Excerpt.Of(value)}' is no name of a lease: it has not the form of a namespace.");
            }

            field = value;
        }
    }

    /// <summary>Gets or sets how long the lease lasts.</summary>
    /// <value>The default value is one day. With <see langword="null"/> it lasts until it is deleted.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan? Lifetime
    {
        get;
        set
        {
            if (value is { } lifetime)
            {
                ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
            }

            field = value;
        }
    } = TimeSpan.FromDays(1);

    /// <summary>Gets the labels, of at most 4096 bytes each with its key.</summary>
    public IDictionary<string, string> Labels { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
