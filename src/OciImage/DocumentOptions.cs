namespace OciImage;

/// <summary>Provides the limits that hold when a document is read.</summary>
public sealed class DocumentOptions
{
    /// <summary>The default greatest size of a document in bytes: 4 MiB (distribution-spec 1.1.1, "Pushing Manifests").</summary>
    public const int DefaultMaxSize = 4 * 1024 * 1024;

    internal static readonly DocumentOptions Default = new();

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

    /// <summary>Gets or sets the registered algorithm of the document's own descriptor.</summary>
    /// <value>The default value is <c>sha256</c>.</value>
    public string Algorithm
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            field = value;
        }
    } = Digest.Sha256;
}
