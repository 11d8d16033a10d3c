namespace OciImage.Server;

/// <summary>Says what a request wants to do.</summary>
public enum RegistryAction
{
    /// <summary>To know whether there is a registry, and whether the credentials are good.</summary>
    Ping,

    /// <summary>To list the repositories.</summary>
    Catalog,

    /// <summary>To read from a repository.</summary>
    Pull,

    /// <summary>To write to a repository.</summary>
    Push,

    /// <summary>To remove from a repository.</summary>
    Delete,
}
