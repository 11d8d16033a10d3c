namespace OciImage;

/// <summary>Provides the limits that hold when a document is read.</summary>
public sealed class DocumentOptions
{
    /// <summary>The default greatest size of a document in bytes: 4 MiB (distribution-spec 1.1.1, "Pushing Manifests").</summary>
    public const int DefaultMaxSize = 4 * 1024 * 1024;

    internal static readonly DocumentOptions Default = new();

    // What is written here is limited by who writes it; whoever reads it has limits of their own.
    internal static readonly DocumentOptions Unlimited = new() { MaxSize = int.MaxValue, MaxItems = int.MaxValue };

    /// <summary>Gets or sets the greatest size of a document in bytes.</summary>
    /// <value>The default value is 4 MiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = DefaultMaxSize;

    /// <summary>Gets or sets how many items one array or object of a document may have.</summary>
    /// <value>The default value is 100 000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxItems
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 100_000;

    /// <summary>Gets or sets the registered algorithm of the document's own descriptor.</summary>
    /// <value>The default value is <c>sha256</c>.</value>
    /// <exception cref="NotSupportedException">The algorithm is not one that can be computed here.</exception>
    public string Algorithm
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            Digest.RequireSupported(value);
            field = value;
        }
    } = Digest.Sha256;
}
