namespace OciImage.Registry.Hosts;

/// <summary>One host of a <c>hosts.toml</c>, or its root, which is about the server.</summary>
internal sealed record HostsFileEntry
{
    /// <summary>Gets the address, or <see langword="null"/> for the registry itself.</summary>
    public HostAddress? Address { get; init; }

    public bool OverridesPath { get; init; }

    public RegistryCapabilities Capabilities { get; init; }

    public IReadOnlyList<string> Authorities { get; init; } = [];

    public IReadOnlyList<ClientCertificateFiles> Clients { get; init; } = [];

    /// <summary>Gets whether any certificate is accepted, or <see langword="null"/> where nothing is said.</summary>
    public bool? SkipsVerification { get; init; }

    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public TimeSpan? DialTimeout { get; init; }

    /// <summary>Gets the path of the protocol's root, with a slash at both ends.</summary>
    public string ApiPath => Address is not { Path: var path } ? "/v2/"
        : OverridesPath || path.EndsWith("/v2", StringComparison.Ordinal) ? path + "/"
        : path + "/v2/";
}
