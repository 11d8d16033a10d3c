using System.Security.Cryptography.X509Certificates;
using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit;
using OciImage.TestKit.Peers;
using OciImage.TestKit.Registry;

namespace OciImage.Interop.Tests.Registry;

/// <summary>docker-registry behind TLS with an authority of its own, which wants a certificate of each client.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TestAuthority _authority = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Client_WithACertificatePushesAndPulls()
    {
        await using DockerRegistry registry = await StartAsync();
        using RegistryClient client = CreateClient(registry, [_authority.Certificate], [_authority.IssueClient()]);
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, "tls");

        await ContentCopy.CopyGraphAsync(source, client.GetRepository(registry.Host, "tls/app"), image, "v1", cancellationToken: Cancelled);
        var pulled = new MemoryStore();
        Descriptor found = await client.GetRepository(registry.Host, "tls/app").ResolveAsync("v1", Cancelled);
        await ContentCopy.CopyGraphAsync(
            client.GetRepository(registry.Host, "tls/app"), pulled, found, cancellationToken: Cancelled);

        Assert.Equal(image.Digest, found.Digest);
        Assert.True(await pulled.ExistsAsync(image, Cancelled));
    }

    [Fact]
    public async Task Client_WithoutACertificateIsKeptOut()
    {
        await using DockerRegistry registry = await StartAsync();
        using RegistryClient client = CreateClient(registry, [_authority.Certificate], []);

        var error = await Assert.ThrowsAsync<RegistryException>(
            async () => await client.GetRepository(registry.Host, "tls/app").ResolveAsync("v1", Cancelled));

        Assert.Null(error.StatusCode);
        Assert.Contains(registry.Host, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_WithACertificateOfAStrangerIsKeptOut()
    {
        using var stranger = new TestAuthority();
        await using DockerRegistry registry = await StartAsync();
        using RegistryClient client = CreateClient(registry, [_authority.Certificate], [stranger.IssueClient()]);

        var error = await Assert.ThrowsAsync<RegistryException>(
            async () => await client.GetRepository(registry.Host, "tls/app").ResolveAsync("v1", Cancelled));

        Assert.Null(error.StatusCode);
    }

    [Fact]
    public async Task Client_TrustsNoAuthorityThatItWasNotGiven()
    {
        using var stranger = new TestAuthority();
        await using DockerRegistry registry = await StartAsync();
        using RegistryClient without = CreateClient(registry, [], [_authority.IssueClient()]);
        using RegistryClient other = CreateClient(registry, [stranger.Certificate], [_authority.IssueClient()]);

        foreach (RegistryClient client in new[] { without, other })
        {
            var error = await Assert.ThrowsAsync<RegistryException>(
                async () => await client.GetRepository(registry.Host, "tls/app").ResolveAsync("v1", Cancelled));
            Assert.Null(error.StatusCode);
            Assert.False(error.IsTransient);
        }
    }

    [Fact]
    public async Task Client_TakesATokenServersCertificateFromTheSameAuthority()
    {
        await using TokenServer tokens = await TokenServer.StartAsync(new()
        {
            Users = [new TokenUser("ann", "secret", "repository:tls/app:pull,push")],
            Certificate = _authority.IssueServer(),
        });
        await using DockerRegistry registry = await StartAsync(tokens);
        using RegistryClient client = CreateClient(registry, [_authority.Certificate], [_authority.IssueClient()]);
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, "tls");

        await ContentCopy.CopyGraphAsync(source, client.GetRepository(registry.Host, "tls/app"), image, "v1", cancellationToken: Cancelled);

        Assert.Equal(image.Digest, (await client.GetRepository(registry.Host, "tls/app").ResolveAsync("v1", Cancelled)).Digest);
        Assert.NotEmpty(tokens.Requests);
    }

    private static RegistryClient CreateClient(
        DockerRegistry registry, X509Certificate2[] authorities, X509Certificate2[] clients) => new(new RegistryOptions
        {
            MaxRetries = 0,
            Credentials = new FixedCredential(new RegistryCredential("ann", "secret")),
            Hosts = new FixedRoute(new RegistryEndpoint
            {
                Host = registry.Host,
                Scheme = RegistryScheme.Https,
                Certificates = new RegistryCertificates(authorities, clients),
            }),
        });

    private Task<DockerRegistry> StartAsync(TokenServer? tokens = null) => DockerRegistry.StartAsync(
        _directory.CreateDirectory("registry"),
        new DockerRegistrySettings
        {
            Certificate = TestAuthority.Write(_directory, "server", _authority.IssueServer()),
            ClientAuthority = _authority.WriteCertificate(_directory),
            Tokens = tokens,
        });
}
