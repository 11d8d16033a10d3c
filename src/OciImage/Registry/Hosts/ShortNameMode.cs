namespace OciImage.Registry.Hosts;

/// <summary>Says what happens to a short name that several registries may have.</summary>
public enum ShortNameMode
{
    /// <summary>The first of the search registries is taken, since a library has nobody to ask.</summary>
    Permissive,

    /// <summary>The name is refused with the candidates.</summary>
    Enforcing,

    /// <summary>The first of the search registries is taken.</summary>
    Disabled,
}
