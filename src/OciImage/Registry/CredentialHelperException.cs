namespace OciImage.Registry;

/// <summary>The exception that is thrown when a credential helper is missing, fails, or answers what it must not.</summary>
/// <remarks>
/// The message names the helper and the file that names it, and quotes the helper's own words in short: what it wrote to its error
/// output, or to its output where that is a sentence and no JSON. A secret that was given to it or that it gave is left out.
/// </remarks>
public sealed class CredentialHelperException : OciException
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="kind">Why there is no answer.</param>
    /// <param name="helper">The helper's name without <c>docker-credential-</c>.</param>
    /// <param name="message">What was asked, found and expected; without secrets.</param>
    /// <param name="innerException">The cause, or <see langword="null"/>.</param>
    public CredentialHelperException(
        CredentialHelperErrorKind kind, string helper, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
        Helper = helper;
    }

    /// <summary>Gets why there is no answer.</summary>
    public CredentialHelperErrorKind Kind { get; }

    /// <summary>Gets the helper's name without <c>docker-credential-</c>.</summary>
    public string Helper { get; }
}
