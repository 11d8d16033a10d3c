using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OciImage.TestKit;

/// <summary>A certificate authority of a test's own, which nobody else trusts.</summary>
/// <remarks>The certificates it issues are its own: disposing it disposes them.</remarks>
public sealed class TestAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly List<X509Certificate2> _issued = [];
    private readonly DateTimeOffset _from = TimeProvider.System.GetUtcNow().AddHours(-1);

    /// <summary>Makes the authority.</summary>
    public TestAuthority(string name = "OciImage test authority")
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Name(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Certificate = request.CreateSelfSigned(_from, _from.AddDays(2));
    }

    /// <summary>Gets the authority's certificate, which has the private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Issues a certificate for servers on this machine, with its private key.</summary>
    /// <param name="hosts">The names and addresses it holds for; none for <c>localhost</c> and <c>127.0.0.1</c>.</param>
    public X509Certificate2 IssueServer(params IReadOnlyList<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (string host in hosts is [] ? ["localhost", "127.0.0.1"] : hosts)
        {
            if (IPAddress.TryParse(host, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return Issue("server", ServerUse, names.Build());
    }

    /// <summary>Issues a certificate for a client, with its private key.</summary>
    public X509Certificate2 IssueClient(string name = "client") => Issue(name, ClientUse, null);

    /// <summary>Writes the authority's certificate, without its key, as a file of a directory.</summary>
    /// <returns>The path.</returns>
    public string WriteCertificate(TemporaryDirectory directory, string name = "ca.crt")
    {
        ArgumentNullException.ThrowIfNull(directory);
        return directory.WriteFile(name, Certificate.ExportCertificatePem());
    }

    /// <summary>Writes a certificate and its key as files of a directory: <c>name.crt</c> or <c>name.cert</c>, and <c>name.key</c>.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The files' name without an ending, and with directories where wanted.</param>
    /// <param name="certificate">The certificate with its private key.</param>
    /// <param name="ending">The ending of the certificate; <c>cert</c> is that of client certificates in certs.d.</param>
    public static PemFiles Write(TemporaryDirectory directory, string name, X509Certificate2 certificate, string ending = "crt")
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(certificate);
        using ECDsa key = certificate.GetECDsaPrivateKey() ?? throw new ArgumentException("It has no private key.", nameof(certificate));
        return new PemFiles(
            directory.WriteFile($"{name}.{ending}", certificate.ExportCertificatePem()),
            directory.WriteFile($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        foreach (X509Certificate2 certificate in _issued)
        {
            certificate.Dispose();
        }
    }

    private static X500DistinguishedName Name(string name)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(name);

        return builder.Build();
    }

    private X509Certificate2 Issue(string name, string use, X509Extension? names)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Name(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        using X509Certificate2 bare = request.Create(Certificate, _from, _from.AddDays(1), serial);
        X509Certificate2 certificate = bare.CopyWithPrivateKey(key);
        _issued.Add(certificate);

        return certificate;
    }
}
