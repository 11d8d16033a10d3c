using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using OciImage.TestKit;
using OciImage.TestKit.Peers;
using OciImage.TestKit.Registry;

namespace OciImage.Interop.Tests;

/// <summary>The registry that other tests push to does ask for certificates and tokens; asked with plain HTTP, not with our client.</summary>
public sealed class DockerRegistryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Registry_WithAClientAuthorityLetsNobodyInWithoutACertificate()
    {
        using var authority = new TestAuthority();
        await using DockerRegistry registry = await DockerRegistry.StartAsync(
            _directory.CreateDirectory("registry"),
            new DockerRegistrySettings
            {
                Certificate = TestAuthority.Write(_directory, "server", authority.IssueServer()),
                ClientAuthority = authority.WriteCertificate(_directory),
            });
        using HttpClient known = CreateClient(authority, authority.IssueClient());
        using HttpClient unknown = CreateClient(authority, null);
        var address = new Uri($"https://{registry.Host}/v2/");

        using HttpResponseMessage response = await known.GetAsync(address, Cancelled);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => unknown.GetAsync(address, Cancelled));
    }

    [Theory]
    [InlineData("ES256", 300, HttpStatusCode.NotFound)] // let in, and nothing there
    [InlineData("RS256", 300, HttpStatusCode.NotFound)]
    [InlineData("ES256", -50, HttpStatusCode.NotFound)] // 60 seconds of grace
    [InlineData("ES256", -70, HttpStatusCode.Unauthorized)]
    public async Task Registry_WithATokenServerTakesItsTokens(string algorithm, int lifetime, HttpStatusCode expected)
    {
        await using TokenServer tokens = await TokenServer.StartAsync(new()
        {
            AnonymousScopes = ["repository:team/app:pull"],
            Algorithm = algorithm,
            Lifetime = TimeSpan.FromSeconds(lifetime),
        });
        await using DockerRegistry registry = await DockerRegistry.StartAsync(
            _directory.CreateDirectory("registry"), new DockerRegistrySettings { Tokens = tokens });
        using var client = new HttpClient();
        var address = new Uri($"http://{registry.Host}/v2/team/app/manifests/v1");

        using HttpResponseMessage challenged = await client.GetAsync(address, Cancelled);
        string answer = await client.GetStringAsync(
            new Uri($"{tokens.Realm}?service={tokens.Service}&scope=repository:team/app:pull"), Cancelled);
        client.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", (string)JsonNode.Parse(answer)!["token"]!);
        using HttpResponseMessage response = await client.GetAsync(address, Cancelled);

        Assert.Equal(HttpStatusCode.Unauthorized, challenged.StatusCode);
        Assert.Contains(tokens.Realm.ToString(), challenged.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Equal(expected, response.StatusCode);
    }

    private static HttpClient CreateClient(TestAuthority authority, X509Certificate2? certificate)
    {
        var options = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority.Certificate },
                RevocationMode = X509RevocationMode.NoCheck,
            },
            ClientCertificates = certificate is null ? null : [certificate],
        };
        return new HttpClient(new SocketsHttpHandler { SslOptions = options, UseProxy = false });
    }
}
