namespace OciImage.Layers;

/// <summary>Says what a remark about a layer is about.</summary>
public enum LayerRemarkKind
{
    /// <summary>Something that the specification does not allow, and that has one meaning all the same, was read as that.</summary>
    Tolerated,

    /// <summary>A path occurs more than once in one layer, and the last entry counts.</summary>
    Duplicate,

    /// <summary>An owner was not set, because the system does not have it.</summary>
    Owner,

    /// <summary>A mode lost its set-user-id and set-group-id bits.</summary>
    Mode,

    /// <summary>An extended attribute was left out.</summary>
    Xattr,

    /// <summary>A device was skipped, or something else stands for it.</summary>
    Device,

    /// <summary>A file of another type was left out, or something else stands for it.</summary>
    FileType,

    /// <summary>A name was left out or changed, because the file system here cannot have it.</summary>
    Name,

    /// <summary>There were more remarks, which were left out.</summary>
    Truncated,
}
