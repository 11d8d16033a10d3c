namespace OciImage.Layout;

/// <summary>What became of a blob that was to be removed.</summary>
internal enum BlobRemoval
{
    /// <summary>It is gone.</summary>
    Removed,

    /// <summary>It was gone before.</summary>
    Absent,

    /// <summary>Somebody used it meanwhile, or uses it now.</summary>
    InUse,

    /// <summary>This process may not remove it, or it is no regular file any more.</summary>
    Refused,
}
