using System.Net;
using OciImage.Content;
using OciImage.Registry;
using OciImage.Registry.Hosts;
using OciImage.TestKit;
using OciImage.TestKit.Peers;
using OciImage.TestKit.Registry;

namespace OciImage.Interop.Tests.Registry;

/// <summary>What files of a machine say of registries holds in front of real ones: certificates and mirrors.</summary>
public sealed class SystemHostsTests : IDisposable
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
    public async Task Certificates_OfADirectoryOpenARegistryThatWantsThem()
    {
        await using DockerRegistry registry = await StartTlsAsync();
        TestAuthority.Write(_directory, $"certs.d/{registry.Host}/client", _authority.IssueClient(), "cert");
        _authority.WriteCertificate(_directory, $"certs.d/{registry.Host}/ca.crt");
        using RegistryClient client = CreateClient(new() { CertificateDirectories = [_directory.Combine("certs.d")] });

        await PushAndPullAsync(client.GetRepository(registry.Host, "files/app"));
    }

    [Fact]
    public async Task HostsFile_OpensARegistryWithItsCertificates()
    {
        await using DockerRegistry registry = await StartTlsAsync();
        PemFiles files = TestAuthority.Write(_directory, "client", _authority.IssueClient());
        _directory.WriteFile(
            $"hosts/{registry.Host}/hosts.toml",
            $"""
            server = "https://{registry.Host}"
            ca = "{_authority.WriteCertificate(_directory)}"
            client = [["{files.Certificate}", "{files.Key}"]]
            """);
        using RegistryClient client = CreateClient(new() { HostsDirectories = [_directory.Combine("hosts")] });

        await PushAndPullAsync(client.GetRepository(registry.Host, "files/app"));
    }

    [Theory]
    [InlineData("hosts.toml")]
    [InlineData("registries.conf")]
    public async Task Mirror_IsAskedBeforeTheRegistry(string kind)
    {
        await using DockerRegistry upstream = await DockerRegistry.StartAsync(_directory.CreateDirectory("upstream"));
        await using DockerRegistry mirror = await DockerRegistry.StartAsync(_directory.CreateDirectory("mirror"));
        await using var toUpstream = new CuttingProxy(upstream.Host);
        await using var toMirror = new CuttingProxy(mirror.Host);
        using var direct = new RegistryClient();
        Descriptor image = await PushAsync(direct.GetRepository(mirror.Host, "files/app"));
        Descriptor other = await PushAsync(direct.GetRepository(upstream.Host, "files/other"));
        using RegistryClient client = CreateClient(WriteMirror(kind, toUpstream.Host, toMirror.Host));

        var pulled = new MemoryStore();
        await ContentCopy.CopyGraphAsync(client.GetRepository(toUpstream.Host, "files/app"), pulled, image, cancellationToken: Cancelled);
        long askedOfUpstream = toUpstream.BytesToServer;
        await ContentCopy.CopyGraphAsync(client.GetRepository(toUpstream.Host, "files/other"), pulled, other, cancellationToken: Cancelled);

        Assert.Equal(0, askedOfUpstream);
        Assert.True(await pulled.ExistsAsync(image, Cancelled));
        Assert.True(await pulled.ExistsAsync(other, Cancelled));
        Assert.NotEqual(0, toUpstream.BytesToServer);
        var error = await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await client.GetRepository(toUpstream.Host, "files/none").ResolveAsync("v1", Cancelled));
        Assert.Contains("files/none", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_GoesToTheRegistryAndNotToItsMirror()
    {
        await using DockerRegistry upstream = await DockerRegistry.StartAsync(_directory.CreateDirectory("upstream"));
        await using DockerRegistry mirror = await DockerRegistry.StartAsync(_directory.CreateDirectory("mirror"));
        using RegistryClient client = CreateClient(WriteMirror("hosts.toml", upstream.Host, mirror.Host));

        Descriptor image = await PushAsync(client.GetRepository(upstream.Host, "files/app"));

        using var direct = new HttpClient();
        string path = $"v2/files/app/manifests/{image.Digest}";
        direct.DefaultRequestHeaders.Add("Accept", image.MediaType);
        using HttpResponseMessage there = await direct.GetAsync(new Uri($"http://{upstream.Host}/{path}"), Cancelled);
        using HttpResponseMessage elsewhere = await direct.GetAsync(new Uri($"http://{mirror.Host}/{path}"), Cancelled);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (there.StatusCode, elsewhere.StatusCode));
    }

    private static RegistryClient CreateClient(SystemRegistryHostsOptions options) =>
        new(new RegistryOptions { Hosts = new SystemRegistryHosts(options) });

    private static async Task<Descriptor> PushAsync(RepositoryClient repository)
    {
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, repository.Repository);
        await ContentCopy.CopyGraphAsync(source, repository, image, "v1", cancellationToken: Cancelled);

        return image;
    }

    private static async Task PushAndPullAsync(RepositoryClient repository)
    {
        Descriptor image = await PushAsync(repository);
        var pulled = new MemoryStore();
        await ContentCopy.CopyGraphAsync(
            repository, pulled, await repository.ResolveAsync("v1", Cancelled), cancellationToken: Cancelled);

        Assert.True(await pulled.ExistsAsync(image, Cancelled));
    }

    private SystemRegistryHostsOptions WriteMirror(string kind, string upstream, string mirror)
    {
        if (kind == "hosts.toml")
        {
            _directory.WriteFile(
                $"hosts/{upstream}/hosts.toml",
                $"""
                server = "http://{upstream}"
                [host."http://{mirror}"]
                capabilities = ["pull", "resolve"]
                """);
            return new SystemRegistryHostsOptions { HostsDirectories = [_directory.Combine("hosts")] };
        }

        string file = _directory.WriteFile(
            "registries.conf",
            $"""
            [[registry]]
            location = "{upstream}"
            [[registry.mirror]]
            location = "{mirror}"
            """);
        return new SystemRegistryHostsOptions { RegistriesFiles = [file] };
    }

    private Task<DockerRegistry> StartTlsAsync() => DockerRegistry.StartAsync(
        _directory.CreateDirectory("registry"),
        new DockerRegistrySettings
        {
            Certificate = TestAuthority.Write(_directory, "server", _authority.IssueServer()),
            ClientAuthority = _authority.WriteCertificate(_directory),
        });
}
