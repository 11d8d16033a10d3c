namespace OciImage;

/// <summary>The exception that is thrown when a store has no content of a digest, or no target of a reference.</summary>
public sealed class ContentNotFoundException : OciException
{
    /// <summary>Initializes a new instance with a message.</summary>
    /// <param name="message">What was looked for, and where.</param>
    /// <param name="innerException">The cause, or <see langword="null"/>.</param>
    public ContentNotFoundException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>Gets the digest that was looked for, or the default value where a reference was.</summary>
    public Digest Digest { get; private init; }

    /// <summary>Gets the reference that was looked for, or <see langword="null"/> where a digest was.</summary>
    public string? Reference { get; private init; }

    /// <summary>Gets why the mirrors that were asked before did not give the content; none where there are no mirrors.</summary>
    public IReadOnlyList<OciException> MirrorFailures { get; internal set; } = [];

    /// <summary>Makes the exception for a digest.</summary>
    /// <param name="digest">The digest that was looked for.</param>
    /// <param name="place">The place as a user would write it, such as a directory or a repository.</param>
    /// <returns>The exception to throw.</returns>
    public static ContentNotFoundException ForDigest(Digest digest, string place) =>
        new($"Content '{digest}' is not in '{place}'.") { Digest = digest };

    /// <summary>Makes the exception for a reference.</summary>
    /// <param name="reference">The tag or digest that was looked for.</param>
    /// <param name="place">The place as a user would write it, such as a directory or a repository.</param>
    /// <returns>The exception to throw.</returns>
    public static ContentNotFoundException ForReference(string reference, string place) =>
        new($"Reference '{Excerpt.Of(reference)}' is not in '{place}'.") { Reference = reference };
}
