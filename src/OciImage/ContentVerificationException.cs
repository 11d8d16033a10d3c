namespace OciImage;

/// <summary>The exception that is thrown when content is not what its descriptor promised.</summary>
public sealed class ContentVerificationException : OciException
{
    /// <summary>Initializes a new instance for a descriptor.</summary>
    /// <param name="descriptor">What was promised.</param>
    /// <param name="message">What was found and what was expected.</param>
    /// <param name="innerException">The cause, or <see langword="null"/>.</param>
    public ContentVerificationException(Descriptor descriptor, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        Descriptor = descriptor;
    }

    /// <summary>Gets the descriptor whose promise was broken.</summary>
    public Descriptor Descriptor { get; }

    internal static ContentVerificationException Mismatch(Descriptor expected, Digest actual) =>
        new(expected, $"Content has the digest '{actual}', expected '{expected.Digest}'.");

    internal static ContentVerificationException TooShort(Descriptor expected, long length) =>
        new(expected, $"Content '{expected.Digest}' ended after {length} of {expected.Size} bytes.");

    internal static ContentVerificationException TooLong(Descriptor expected) =>
        new(expected, $"Content '{expected.Digest}' has more than the promised {expected.Size} bytes.");

    internal static ContentVerificationException OtherLength(Descriptor expected, long length) =>
        new(expected, $"Content '{expected.Digest}' has {length} bytes, expected {expected.Size}.");

    internal static ContentVerificationException CannotVerify(Descriptor expected) =>
        new(expected, $"Content '{expected.Digest}' cannot be verified: the algorithm '{expected.Digest.Algorithm}' is " +
            "not sha256 or sha512.");
}
