namespace OciImage.Registry.Hosts;

/// <summary>A mirror of a rule of <c>registries.conf</c>, or the place of the rule itself.</summary>
/// <param name="Location">The place, or <see langword="null"/> for where the reference itself says.</param>
internal sealed record RegistryMirror(RegistryLocation? Location)
{
    public bool IsInsecure { get; init; }

    public RegistryCapabilities Capabilities { get; init; } = RegistryCapabilities.Pull | RegistryCapabilities.Resolve;

    /// <summary>Gets the registry that the mirror is told about, or <see langword="null"/> where nothing is said.</summary>
    public string? Namespace { get; init; }

    /// <summary>Gets the line of a setting that cannot be honoured, or <see langword="null"/>.</summary>
    public int? ProxyLine { get; init; }
}
