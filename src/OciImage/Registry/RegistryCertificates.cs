using System.Security.Cryptography.X509Certificates;
using OciImage.Registry.Hosts;

namespace OciImage.Registry;

/// <summary>Certificates for the TLS connections to a place. Compared by identity; never changed after it was made.</summary>
public sealed class RegistryCertificates
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="authorities">Authorities that are trusted besides the system's; the certificates stay the caller's.</param>
    /// <param name="clients">Certificates with private keys, one of which is shown to a registry that asks; they stay the caller's.</param>
    /// <param name="intermediates">Certificates that are sent along with a client's, so that its chain is complete; they stay the caller's.</param>
    public RegistryCertificates(
        IEnumerable<X509Certificate2>? authorities = null,
        IEnumerable<X509Certificate2>? clients = null,
        IEnumerable<X509Certificate2>? intermediates = null)
    {
        Authorities = [.. authorities ?? []];
        Clients = [.. clients ?? []];
        Intermediates = [.. intermediates ?? []];
    }

    /// <summary>Gets the authorities that are trusted besides the system's.</summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; }

    /// <summary>Gets the certificates with private keys, one of which is shown to a registry that asks.</summary>
    public IReadOnlyList<X509Certificate2> Clients { get; }

    /// <summary>Gets the certificates that are sent along with a client's, so that its chain is complete.</summary>
    public IReadOnlyList<X509Certificate2> Intermediates { get; }

    internal bool IsEmpty => Authorities.Count == 0 && Clients.Count == 0;

    /// <summary>Reads a directory as Docker and containers lay it out for one host.</summary>
    /// <remarks>
    /// <c>*.crt</c> are authorities. <c>*.cert</c> is a client's certificate, the rest of its chain after it, and the <c>*.key</c> of the
    /// same name its private key. All are PEM of at most 1 MiB; other files are passed over. The certificates are never disposed.
    /// </remarks>
    /// <param name="path">The path of the directory, such as <c>/etc/docker/certs.d/registry.example:5000</c>.</param>
    /// <returns>The certificates, which may be none.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="DocumentFormatException">
    /// A file is malformed or cannot be read, a key is encrypted, or one of a certificate and its key is missing.
    /// </exception>
    public static RegistryCertificates FromDirectory(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return CertificateFiles.ReadDirectory(Path.GetFullPath(path), mayCombine: false) ??
            throw new DirectoryNotFoundException($"'{path}' is no directory.");
    }
}
