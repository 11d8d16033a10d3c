using OciImage.TestKit.Registry;

namespace OciImage.TestKit.Peers;

/// <summary>Says how a <see cref="DockerRegistry"/> lets clients in.</summary>
public sealed record DockerRegistrySettings
{
    /// <summary>Gets the lines of an htpasswd file with bcrypt hashes, or <see langword="null"/> for none.</summary>
    public string? Htpasswd { get; init; }

    /// <summary>Gets the certificate to serve https with, or <see langword="null"/> for http.</summary>
    public PemFiles? Certificate { get; init; }

    /// <summary>Gets the path of the authority that clients' certificates must be from, or <see langword="null"/> to ask for none.</summary>
    public string? ClientAuthority { get; init; }

    /// <summary>Gets the token server whose tokens are wanted, or <see langword="null"/> for none.</summary>
    public TokenServer? Tokens { get; init; }
}
