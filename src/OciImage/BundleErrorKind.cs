namespace OciImage;

/// <summary>Says why an image was not made a runtime bundle.</summary>
public enum BundleErrorKind
{
    /// <summary>Neither the image nor the caller says what to run.</summary>
    NoCommand,

    /// <summary>A name of a user or a group is not in the image's own files.</summary>
    UnknownUser,

    /// <summary>A text is no user and no group, or a number that Linux does not have as one.</summary>
    InvalidUser,

    /// <summary>The image's files of users or groups are no regular files, are too large, or cannot be read.</summary>
    UnreadableUsers,

    /// <summary>The user or the group is not in the mapping of the user namespace.</summary>
    UnmappedUser,

    /// <summary>A variable, an argument, a label or a name cannot be said in a configuration, such as one with a NUL.</summary>
    InvalidText,

    /// <summary>The working directory is not an absolute path.</summary>
    InvalidWorkingDirectory,

    /// <summary>A volume is at a path where nothing may be mounted.</summary>
    InvalidVolume,

    /// <summary>The image is for another operating system than Linux.</summary>
    UnsupportedPlatform,

    /// <summary>The configuration has no mount namespace of its own, so the container would mount into the host.</summary>
    NoMountNamespace,
}
