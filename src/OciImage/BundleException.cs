namespace OciImage;

/// <summary>The exception that is thrown when an image cannot be made a runtime bundle.</summary>
public sealed class BundleException : OciException
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="kind">Why the bundle was refused.</param>
    /// <param name="message">What was found and what was expected.</param>
    /// <param name="innerException">The cause, or <see langword="null"/>.</param>
    public BundleException(BundleErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
    }

    /// <summary>Gets why the bundle was refused.</summary>
    public BundleErrorKind Kind { get; }
}
