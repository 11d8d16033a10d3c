namespace OciImage.Layout;

/// <summary>Says what of a layout survives a power cut. A process that dies loses nothing at any level.</summary>
/// <remarks>All writers of one directory should use one level: what the weakest wrote is as safe as its level says.</remarks>
public enum Durability
{
    /// <summary>Nothing is flushed. After a power cut names may stand without their content, which reading finds.</summary>
    None,

    /// <summary>
    /// Content is flushed together, before <c>index.json</c> names any of it: what a returned tag or root names survives, and
    /// content that nothing names yet may be lost or damaged. Each change of the index flushes the whole file system, other
    /// programs' files too. Where a system cannot do that, this is <see cref="Full"/>.
    /// </summary>
    Batched,

    /// <summary>Each file and each directory is flushed before it is visible: what is visible survives.</summary>
    Full,
}
