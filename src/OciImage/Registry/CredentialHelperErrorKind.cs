namespace OciImage.Registry;

/// <summary>Says why a credential helper gave no answer.</summary>
public enum CredentialHelperErrorKind
{
    /// <summary>No such program is in <c>PATH</c>, or the system does not start it.</summary>
    NotInstalled,

    /// <summary>The helper ended with an error of its own.</summary>
    Failed,

    /// <summary>The helper did not end in time, and was ended.</summary>
    TimedOut,

    /// <summary>The helper wrote more than it may, and was ended.</summary>
    TooMuchOutput,

    /// <summary>The helper's answer is not what the protocol says, or is for another registry.</summary>
    Malformed,
}
