using OciImage.Registry;

namespace OciImage.Tests.Registry.Hosts;

public sealed class CertificateDirectoryTests : IDisposable
{
    private readonly HostsFixture _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void FromDirectory_ReadsAuthoritiesAndPairs()
    {
        (string first, _) = HostsFixture.Certificate("first");
        (string second, _) = HostsFixture.Certificate("second");
        (string client, string key) = HostsFixture.Certificate("client");
        (string issuer, _) = HostsFixture.Certificate("issuer");
        _machine.Write("d/ca.crt", $"# remarks, é\n{first}between\n{second}");
        _machine.Write("d/b.crt", issuer);
        _machine.Write("d/client.cert", client + issuer);
        _machine.Write("d/client.key", key);
        _machine.Write("d/README", "passed over");
        _machine.Write("d/ca.pem", "passed over");

        var found = RegistryCertificates.FromDirectory(_machine.Combine("d"));

        Assert.Equal(["CN=issuer", "CN=first", "CN=second"], found.Authorities.Select(certificate => certificate.Subject));
        Assert.True(Assert.Single(found.Clients).HasPrivateKey);
        Assert.Equal("CN=client", found.Clients[0].Subject);
        Assert.Equal("CN=issuer", Assert.Single(found.Intermediates).Subject);
    }

    [Fact]
    public void FromDirectory_IsEmptyWithoutCertificates()
    {
        var found = RegistryCertificates.FromDirectory(_machine.MakeDirectory("d"));

        Assert.Empty(found.Authorities);
        Assert.Empty(found.Clients);
        Assert.Throws<DirectoryNotFoundException>(() => RegistryCertificates.FromDirectory(_machine.Combine("absent")));
    }

    [Fact]
    public void FromDirectory_RefusesHalfAPair()
    {
        (string certificate, string key) = HostsFixture.Certificate("client");
        _machine.Write("no-key/client.cert", certificate);
        _machine.Write("no-certificate/client.key", key);
        _machine.Write("as-authority/client.crt", certificate);
        _machine.Write("as-authority/client.key", key);

        Assert.Contains("no key 'client.key'", Fails("no-key"), StringComparison.Ordinal);
        Assert.Contains("no certificate 'client.cert'", Fails("no-certificate"), StringComparison.Ordinal);
        Assert.Contains("no certificate 'client.cert'", Fails("as-authority"), StringComparison.Ordinal);
    }

    [Fact]
    public void FromDirectory_RefusesAnEncryptedKey()
    {
        (string certificate, string key) = HostsFixture.CertificateWithPassword("client");
        _machine.Write("d/client.cert", certificate);
        _machine.Write("d/client.key", key);

        Assert.Contains("client.key' has an encrypted key", Fails("d"), StringComparison.Ordinal);
    }

    [Fact]
    public void FromDirectory_RefusesAKeyEncryptedTheOldWay()
    {
        (string certificate, _) = HostsFixture.Certificate("client");
        _machine.Write("d/client.cert", certificate);
        _machine.Write("d/client.key", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n");

        Assert.Contains("client.key' has an encrypted key", Fails("d"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no PEM")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")] // PEM, but no certificate
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n")] // no end
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    public void FromDirectory_RefusesAnAuthorityThatIsNone(string content)
    {
        _machine.Write("d/ca.crt", content);

        Assert.Contains("ca.crt' has", Fails("d"), StringComparison.Ordinal);
    }

    [Fact]
    public void FromDirectory_RefusesAKeyThatIsNoneWithoutShowingIt()
    {
        (string certificate, _) = HostsFixture.Certificate("client");
        (_, string other) = HostsFixture.Certificate("other");
        _machine.Write("another/client.cert", certificate);
        _machine.Write("another/client.key", other);
        _machine.Write("none/client.cert", certificate);
        _machine.Write("none/client.key", "-----BEGIN PRIVATE KEY-----\naGlkZGVuLXNlY3JldA==\n-----END PRIVATE KEY-----\n");

        Assert.Contains("client.key' has no key", Fails("another"), StringComparison.Ordinal);
        Assert.Contains("client.key' has no key", Fails("none"), StringComparison.Ordinal);
    }

    [Fact]
    public void FromDirectory_IsBounded()
    {
        _machine.Write("large/ca.crt", new string(' ', 1024 * 1024 + 1));
        for (int i = 0; i <= 256; i++)
        {
            _machine.Write($"many/{i}", "");
        }

        Assert.Contains("1048576 bytes", Fails("large"), StringComparison.Ordinal);
        Assert.Contains("256 files", Fails("many"), StringComparison.Ordinal);
    }

    [Fact]
    public void FromDirectory_FollowsLinksAndRefusesThoseThatLeadNowhere()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        (string ca, _) = HostsFixture.Certificate("ca");
        string target = _machine.Write("elsewhere/ca.pem", ca);
        _machine.MakeDirectory("d");
        File.CreateSymbolicLink(_machine.Combine("d", "ca.crt"), target);

        var found = RegistryCertificates.FromDirectory(_machine.Combine("d"));
        File.CreateSymbolicLink(_machine.Combine("d", "dangling.crt"), _machine.Combine("absent"));

        Assert.Single(found.Authorities);
        Assert.Contains("dangling.crt' cannot be read", Fails("d"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Route_TakesTheFirstTreeWithADirectoryForTheHost()
    {
        (string first, _) = HostsFixture.Certificate("first");
        (string second, _) = HostsFixture.Certificate("second");
        _machine.Write("certs/reg.example/ca.crt", second);
        _machine.Write("certs/docker.io/ca.crt", second);
        _machine.Write("user-certs/reg.example/ca.crt", first);
        _machine.MakeDirectory("user-certs/docker.io");

        RegistryRoute route = await _machine.RouteAsync("reg.example");

        Assert.Equal("CN=first", route.Upstream?.Certificates?.Authorities[0].Subject);
        Assert.Same(route.Upstream?.Certificates, (await _machine.RouteAsync("reg.example", "other")).Upstream?.Certificates);
        Assert.Null(await _machine.FindAsync("docker.io")); // an empty directory is an answer
        Assert.Null(await _machine.FindAsync("other.example"));
    }

    [Fact]
    public async Task Route_ToDockerHubHasTheCertificatesUnderItsName()
    {
        (string ca, _) = HostsFixture.Certificate("ca");
        _machine.Write("certs/docker.io/ca.crt", ca);

        RegistryRoute route = await _machine.RouteAsync("docker.io", "library/debian");

        Assert.Equal("registry-1.docker.io", route.Upstream?.Host);
        Assert.Single(route.Upstream!.Certificates!.Authorities);
    }

    private string Fails(string directory)
    {
        var error = Assert.Throws<DocumentFormatException>(() => RegistryCertificates.FromDirectory(_machine.Combine(directory)));
        Assert.DoesNotContain("PRIVATE KEY", error.ToString(), StringComparison.Ordinal);

        return error.Message;
    }
}
