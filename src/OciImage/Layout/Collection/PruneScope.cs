namespace OciImage.Layout;

/// <summary>Says whose untagged entries of <c>index.json</c> a collection takes away.</summary>
public enum PruneScope
{
    /// <summary>Nobody's: what is listed without a name is a root.</summary>
    None,

    /// <summary>Those of the namespace that the layout was opened in.</summary>
    OwnNamespace,

    /// <summary>Those of all namespaces.</summary>
    AllNamespaces,
}
