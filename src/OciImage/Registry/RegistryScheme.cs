namespace OciImage.Registry;

/// <summary>Says how registries are spoken to.</summary>
public enum RegistryScheme
{
    /// <summary>With https; with plain http where a registry on this machine has no https.</summary>
    Automatic,

    /// <summary>With https only.</summary>
    Https,

    /// <summary>With plain http only.</summary>
    Http,
}
