using System.Net;

namespace OciImage;

/// <summary>The exception that is thrown when a registry refuses a request, answers what it must not, or cannot be reached.</summary>
/// <remarks>No message or property holds a credential: URIs are shown without user information and query values.</remarks>
public sealed class RegistryException : OciException
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="message">What was asked, found and expected; without secrets.</param>
    /// <param name="innerException">The cause, or <see langword="null"/>.</param>
    public RegistryException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>Gets the status that the registry answered, or <see langword="null"/> where there was no answer.</summary>
    public HttpStatusCode? StatusCode { get; init; }

    /// <summary>Gets the error codes of the answer's body (distribution-spec, "Error Codes"), which may be none.</summary>
    public IReadOnlyList<string> Codes { get; init; } = [];

    /// <summary>Gets the URI that was asked, without user information and query values, or <see langword="null"/>.</summary>
    public Uri? RequestUri { get; init; }

    /// <summary>Gets whether the same request may succeed later.</summary>
    /// <value><see langword="true"/> for 408, 429, 500, 502, 503, 504, resets and time-outs.</value>
    public bool IsTransient { get; init; }

    /// <summary>Gets the time the registry asks to wait before the next request, or <see langword="null"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Gets what was asked and answered before the failure, or <see langword="null"/> where nothing was.</summary>
    /// <remarks>
    /// Lines with <c>&gt;</c> are requests, lines with <c>&lt;</c> answers: redirects, demands for credentials and token servers
    /// included. No line holds a credential, a cookie or the value of a query.
    /// </remarks>
    public string? Transcript { get; init; }

    /// <summary>Gets why the mirrors that were asked before did not give the content; none where there are no mirrors.</summary>
    public IReadOnlyList<OciException> MirrorFailures { get; internal set; } = [];
}
