using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OciImage.Registry;
using OciImage.Registry.Hosts;
using OciImage.TestKit;

namespace OciImage.Tests.Registry.Hosts;

/// <summary>A machine's configuration in a temporary directory, and certificates to put there.</summary>
internal sealed class HostsFixture : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Lazy<SystemRegistryHosts> _hosts;

    public HostsFixture()
    {
        Options = new SystemRegistryHostsOptions
        {
            HostsDirectories = [Combine("user-hosts"), Combine("hosts")],
            RegistriesFiles = [Combine("user.conf"), Combine("registries.conf")],
            RegistriesDropInDirectories = [Combine("registries.conf.d"), Combine("user.conf.d")],
            ShortNameAliasFile = Combine("short-name-aliases.conf"),
            CertificateDirectories = [Combine("user-certs"), Combine("certs")],
        };
        _hosts = new Lazy<SystemRegistryHosts>(() => new SystemRegistryHosts(Options));
    }

    public SystemRegistryHostsOptions Options { get; }

    /// <summary>Gets the one instance, also for many threads; it copies the options when it is first asked for.</summary>
    public SystemRegistryHosts Hosts => _hosts.Value;

    public string Combine(params string[] parts) => _directory.Combine(parts);

    public string Write(string path, string content) => _directory.WriteFile(path, content);

    public string MakeDirectory(string path) => _directory.CreateDirectory(path);

    public async Task<RegistryRoute> RouteAsync(string registry, string repository = "app") =>
        await FindAsync(registry, repository) ?? throw new InvalidOperationException($"No route to {registry}/{repository}.");

    public async Task<RegistryRoute?> FindAsync(string registry, string repository = "app") =>
        await Hosts.GetRouteAsync(registry, repository, TestContext.Current.CancellationToken);

    public async Task<DocumentFormatException> FailsAsync(string registry, string repository = "app") =>
        await Assert.ThrowsAsync<DocumentFormatException>(() => FindAsync(registry, repository));

    /// <summary>Makes a certificate and its key in PEM.</summary>
    public static (string Certificate, string Key) Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Sign(name, key);

        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Makes a certificate and its key under a password.</summary>
    public static (string Certificate, string Key) CertificateWithPassword(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Sign(name, key);
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10);

        return (certificate.ExportCertificatePem(), key.ExportEncryptedPkcs8PrivateKeyPem("password", parameters));
    }

    public void Dispose() => _directory.Dispose();

    private static X509Certificate2 Sign(string name, ECDsa key) =>
        new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2120, 1, 1, 0, 0, 0, TimeSpan.Zero));
}
