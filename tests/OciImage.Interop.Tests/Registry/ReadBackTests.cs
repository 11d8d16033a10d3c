using System.Text;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Registry;

/// <summary>What our client pushes, crane, oras and skopeo read back byte for byte, from either registry.</summary>
public sealed class ReadBackTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly RegistryClient _client = new();
    private readonly MemoryStore _store = new();
    private readonly PeerHome _home;

    public ReadBackTests()
    {
        _home = new PeerHome(_directory);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(TestedRegistry.Embedded)]
    [InlineData(TestedRegistry.Docker)]
    public async Task Index_OfTwoPlatformsIsReadBack(string name)
    {
        (Peer crane, Peer oras, Peer skopeo) = RequireAll();
        await using TestedRegistry registry = await TestedRegistry.StartAsync(name, _directory);
        Descriptor index = await SampleImages.AddIndexAsync(_store);

        string target = await PushAsync(registry, index);

        await AssertReadBackAsync(target, index, crane, oras, skopeo);
        foreach (string architecture in new[] { "amd64", "arm64" })
        {
            string validated = await _home.RunOkAsync(
                crane, "validate", "--insecure", "--platform", $"linux/{architecture}", "--remote", target);
            Assert.Contains("PASS", validated, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(TestedRegistry.Embedded)]
    [InlineData(TestedRegistry.Docker)]
    public async Task Image_WithAZstdLayerIsReadBack(string name)
    {
        (Peer crane, Peer oras, Peer skopeo) = RequireAll();
        await using TestedRegistry registry = await TestedRegistry.StartAsync(name, _directory);
        Descriptor image = await SampleImages.AddImageAsync(_store, "amd64", CompressionFormat.Zstd);

        string target = await PushAsync(registry, image);

        await AssertReadBackAsync(target, image, crane, oras, skopeo);
        string inspected = await _home.RunOkAsync(skopeo, "inspect", "--tls-verify=false", $"docker://{target}");
        Assert.Contains(MediaTypes.LayerZstd, await ReadManifestAsync(crane, target), StringComparison.Ordinal);
        Assert.Contains("amd64", inspected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TestedRegistry.Embedded)]
    [InlineData(TestedRegistry.Docker)]
    public async Task Artifact_WithASubjectIsReadBack(string name)
    {
        (Peer crane, Peer oras, Peer skopeo) = RequireAll();
        await using TestedRegistry registry = await TestedRegistry.StartAsync(name, _directory);
        Descriptor image = await SampleImages.AddImageAsync(_store, "amd64");
        Descriptor artifact = await SampleImages.AddArtifactAsync(_store, image);
        await PushAsync(registry, image);

        string target = await PushAsync(registry, artifact, "sbom");

        await AssertReadBackAsync(target, artifact, crane, oras, skopeo);
        string files = _directory.CreateDirectory("files");
        await _home.RunOkAsync(oras, "pull", "--plain-http", "-o", files, target);
        Assert.Equal("all of it\n", await File.ReadAllTextAsync(Path.Combine(files, SampleImages.ArtifactFile), Cancelled));
    }

    // crane knows sha256 only, and skopeo 1.9 saves under a sha256 name what it then looks for under sha512.
    [Fact]
    public async Task Image_WithASha512LayerIsReadBackByOras()
    {
        Peer oras = Peer.Require("oras");
        await using TestedRegistry registry = await TestedRegistry.StartAsync(TestedRegistry.Embedded, _directory);
        Descriptor image = await SampleImages.AddSha512ImageAsync(_store);

        string target = await PushAsync(registry, image);

        await AssertCopiedByOrasAsync(target, image, oras);
    }

    // It takes sha512, and then tells a sha256 of its own in Docker-Content-Digest, which oras refuses and we do not need.
    [Fact]
    public async Task Image_WithASha512LayerIsReadBackFromDockerRegistryByUs()
    {
        await using TestedRegistry registry = await TestedRegistry.StartAsync(TestedRegistry.Docker, _directory);
        Descriptor image = await SampleImages.AddSha512ImageAsync(_store);
        var pulled = new MemoryStore();

        await PushAsync(registry, image);
        await ContentCopy.CopyGraphAsync(
            _client.GetRepository(registry.Host, "read/back"), pulled, image, cancellationToken: Cancelled);

        await foreach (Descriptor node in ContentCopy.WalkAsync(_store, image, cancellationToken: Cancelled))
        {
            Assert.Equal(await TestContent.ReadAsync(_store, node), await TestContent.ReadAsync(pulled, node));
        }
    }

    private static (Peer Crane, Peer Oras, Peer Skopeo) RequireAll() =>
        (Peer.Require("crane"), Peer.Require("oras"), Peer.Require("skopeo"));

    private async Task<string> PushAsync(TestedRegistry registry, Descriptor root, string tag = "v1")
    {
        RepositoryClient repository = _client.GetRepository(registry.Host, "read/back");
        await ContentCopy.CopyGraphAsync(_store, repository, root, tag, cancellationToken: Cancelled);

        return $"{registry.Host}/read/back:{tag}";
    }

    private async Task AssertReadBackAsync(string target, Descriptor root, Peer crane, Peer oras, Peer skopeo)
    {
        byte[] expected = await TestContent.ReadAsync(_store, root);

        Assert.Equal(root.Digest.ToString(), (await _home.RunOkAsync(crane, "digest", "--insecure", target)).Trim());
        Assert.Equal(Encoding.UTF8.GetString(expected), await ReadManifestAsync(crane, target));
        await AssertCopiedByOrasAsync(target, root, oras);
        string policy = _directory.WriteFile("policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");
        string layout = _directory.Combine("by-skopeo");
        await _home.RunOkAsync(
            skopeo, "--policy", policy, "copy", "-q", "--all", "--preserve-digests", "--src-tls-verify=false",
            $"docker://{target}", $"oci:{layout}:v1");
        await AssertHasAllAsync(layout, root);
    }

    private async Task AssertCopiedByOrasAsync(string target, Descriptor root, Peer oras)
    {
        string layout = _directory.Combine("by-oras");
        await _home.RunOkAsync(oras, "cp", "-r", "--from-plain-http", "--to-oci-layout", target, $"{layout}:v1");
        await AssertHasAllAsync(layout, root);
    }

    private async Task AssertHasAllAsync(string layout, Descriptor root)
    {
        await foreach (Descriptor node in ContentCopy.WalkAsync(_store, root, cancellationToken: Cancelled))
        {
            string blob = Path.Combine(layout, "blobs", node.Digest.Algorithm, node.Digest.Encoded.ToString());
            Assert.Equal(await TestContent.ReadAsync(_store, node), await File.ReadAllBytesAsync(blob, Cancelled));
        }
    }

    private Task<string> ReadManifestAsync(Peer crane, string target) => _home.RunOkAsync(crane, "manifest", "--insecure", target);
}
