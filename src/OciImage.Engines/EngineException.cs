namespace OciImage.Engines;

/// <summary>The exception that is thrown when a local engine cannot be reached, refuses, or answers what it must not.</summary>
/// <remarks>What an engine said stands in the message on one line, shortened and without control characters.</remarks>
public sealed class EngineException : OciException
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="message">What was asked, found and expected, and what to do.</param>
    /// <param name="innerException">The cause, or <see langword="null"/>.</param>
    public EngineException(EngineErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
    }

    /// <summary>Gets what went wrong.</summary>
    public EngineErrorKind Kind { get; }

    /// <summary>Gets the path of the engine's socket, or <see langword="null"/> where it is not known.</summary>
    public string? Socket { get; init; }

    /// <summary>Gets whether the same may succeed later.</summary>
    public bool IsTransient => Kind is EngineErrorKind.Unreachable or EngineErrorKind.NoAnswer or EngineErrorKind.Busy;
}
