namespace OciImage.Engines;

/// <summary>Tells what went wrong with an engine.</summary>
public enum EngineErrorKind
{
    /// <summary>The engine failed; the message has what it said.</summary>
    Failed,

    /// <summary>Nobody listens at the socket, or the connection broke.</summary>
    Unreachable,

    /// <summary>The engine did not answer in time.</summary>
    NoAnswer,

    /// <summary>This process may not use the socket, or the engine refuses what was asked.</summary>
    NotPermitted,

    /// <summary>The engine has no such thing.</summary>
    NotFound,

    /// <summary>The engine has such a thing already.</summary>
    AlreadyExists,

    /// <summary>Somebody else holds what was asked for; the same may succeed later.</summary>
    Busy,

    /// <summary>What was asked for does not fit to what is there.</summary>
    Conflict,

    /// <summary>The engine does not know what was asked for, or takes no such content.</summary>
    Unsupported,

    /// <summary>What answers at the socket says what the engine never would.</summary>
    InvalidAnswer,
}
