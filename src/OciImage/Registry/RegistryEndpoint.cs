namespace OciImage.Registry;

/// <summary>One place where a repository's content is asked for, and how it is spoken to.</summary>
public sealed record RegistryEndpoint
{
    /// <summary>Gets the host, with a port where it is not the scheme's own.</summary>
    public required string Host { get; init; }

    /// <summary>Gets whether the place is spoken to with https or http.</summary>
    /// <value>The default value is <see cref="RegistryScheme.Automatic"/>.</value>
    public RegistryScheme Scheme { get; init; }

    /// <summary>Gets the path of the protocol's root on the host, with a slash at both ends.</summary>
    /// <value>The default value is <c>/v2/</c>.</value>
    public string ApiPath { get; init; } = "/v2/";

    /// <summary>Gets the repository's name at this place, or <see langword="null"/> where it is the same.</summary>
    public string? Repository { get; init; }

    /// <summary>Gets what the place may be asked. It matters for mirrors only, and no mirror is written to.</summary>
    /// <value>The default value is pulling and resolving.</value>
    public RegistryCapabilities Capabilities { get; init; } = RegistryCapabilities.Pull | RegistryCapabilities.Resolve;

    /// <summary>Gets whether any TLS certificate is accepted, and plain http where there is no https.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool IsInsecure { get; init; }

    /// <summary>Gets the certificates for this place, or <see langword="null"/> for the system's alone.</summary>
    public RegistryCertificates? Certificates { get; init; }

    /// <summary>Gets header fields that are sent with every request to this host, and to no other.</summary>
    /// <value>The default value is none.</value>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets how long it may take to connect, or <see langword="null"/> for the client's <see cref="RegistryOptions.ConnectTimeout"/>.</summary>
    public TimeSpan? ConnectTimeout { get; init; }
}
