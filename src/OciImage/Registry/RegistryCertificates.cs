using System.Security.Cryptography.X509Certificates;

namespace OciImage.Registry;

/// <summary>Certificates for the TLS connections to a place. Compared by identity; never changed after it was made.</summary>
public sealed class RegistryCertificates
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="authorities">Authorities that are trusted besides the system's; the certificates stay the caller's.</param>
    /// <param name="clients">Certificates with private keys, one of which is shown to a registry that asks; they stay the caller's.</param>
    public RegistryCertificates(
        IEnumerable<X509Certificate2>? authorities = null, IEnumerable<X509Certificate2>? clients = null)
    {
        Authorities = [.. authorities ?? []];
        Clients = [.. clients ?? []];
    }

    /// <summary>Gets the authorities that are trusted besides the system's.</summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; }

    /// <summary>Gets the certificates with private keys, one of which is shown to a registry that asks.</summary>
    public IReadOnlyList<X509Certificate2> Clients { get; }
}
