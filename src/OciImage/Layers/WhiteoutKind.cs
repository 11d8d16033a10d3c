namespace OciImage.Layers;

/// <summary>Says what a name means besides itself.</summary>
internal enum WhiteoutKind
{
    /// <summary>Nothing: the entry is content.</summary>
    None,

    /// <summary>A sibling of lower layers is removed.</summary>
    Explicit,

    /// <summary>All siblings of lower layers are removed.</summary>
    Opaque,

    /// <summary>Bookkeeping of AUFS, which is passed over.</summary>
    Bookkeeping,
}
