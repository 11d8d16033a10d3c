using System.Text.Json.Nodes;
using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Registry;

/// <summary>oras and cosign find what refers to an image after our client pushed it, with the referrers API and without.</summary>
public sealed class ReferrerDiscoveryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly RegistryClient _client = new();
    private readonly MemoryStore _store = new();
    private readonly PeerHome _home;

    public ReferrerDiscoveryTests()
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
    [InlineData(TestedRegistry.Docker)] // the fallback tag
    public async Task Oras_FindsAllReferrersThatWePushed(string name)
    {
        Peer oras = Peer.Require("oras");
        await using TestedRegistry registry = await TestedRegistry.StartAsync(name, _directory);
        RepositoryClient repository = _client.GetRepository(registry.Host, "found/app");
        Descriptor image = await SampleImages.AddImageAsync(_store, "amd64");
        Descriptor first = await SampleImages.AddArtifactAsync(_store, image, "first");
        Descriptor second = await SampleImages.AddArtifactAsync(_store, image, "second");
        Descriptor onFirst = await SampleImages.AddArtifactAsync(_store, first, "about the first");

        await ContentCopy.CopyGraphAsync(_store, repository, image, "v1", cancellationToken: Cancelled);
        foreach (Descriptor artifact in new[] { first, second, onFirst })
        {
            await ContentCopy.CopyGraphAsync(_store, repository, artifact, cancellationToken: Cancelled);
        }

        string output = await _home.RunOkAsync(
            oras, "discover", "--plain-http", "--format", "json", $"{registry.Host}/found/app:v1");
        JsonArray referrers = JsonNode.Parse(output)!["referrers"]!.AsArray();
        Assert.Equal(
            new[] { first, second }.Select(artifact => artifact.Digest.ToString()).Order(StringComparer.Ordinal),
            referrers.Select(referrer => (string)referrer!["digest"]!).Order(StringComparer.Ordinal));
        Assert.All(referrers, referrer =>
        {
            Assert.Equal(SampleImages.ArtifactType, (string)referrer!["artifactType"]!);
            Assert.Equal("sbom", (string)referrer["annotations"]!["test.kind"]!);
        });
        Assert.Contains(onFirst.Digest.ToString(), output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TestedRegistry.Embedded)]
    [InlineData(TestedRegistry.Docker)]
    public async Task Cosign_VerifiesSignaturesThatWeCarried(string name)
    {
        Peer cosign = Peer.Require("cosign");
        await using TestedRegistry origin = await TestedRegistry.StartAsync(TestedRegistry.Docker, _directory);
        await using TestedRegistry registry = await TestedRegistry.StartAsync(name, _directory);
        RepositoryClient from = _client.GetRepository(origin.Host, "signed/app");
        RepositoryClient to = _client.GetRepository(registry.Host, "signed/app");
        Descriptor image = await SampleImages.AddImageAsync(_store, "amd64");
        await ContentCopy.CopyGraphAsync(_store, from, image, "v1", cancellationToken: Cancelled);
        await SignAsync(cosign, origin, image);

        await ContentCopy.CopyGraphAsync(from, to, image, "v1", cancellationToken: Cancelled);
        string target = $"{registry.Host}/signed/app@{image.Digest}";
        await AssertUnsignedAsync(cosign, target);
        var carried = new List<Descriptor>();
        await foreach (Descriptor referrer in from.ListReferrersAsync(image, cancellationToken: Cancelled))
        {
            carried.Add(await ContentCopy.CopyGraphAsync(from, to, referrer, cancellationToken: Cancelled));
        }

        string signatureTag = $"{image.Digest.Algorithm}-{image.Digest.Encoded}.sig";
        Descriptor signature = await from.ResolveAsync(signatureTag, Cancelled);
        await ContentCopy.CopyGraphAsync(from, to, signature, signatureTag, cancellationToken: Cancelled);

        Descriptor bundle = Assert.Single(carried);
        string tree = await _home.RunOkAsync(cosign, "tree", "--allow-http-registry", target);
        Assert.Contains(bundle.Digest.ToString(), tree, StringComparison.Ordinal);
        Assert.Contains(signatureTag, tree, StringComparison.Ordinal);
        foreach (string bundles in new[] { "true", "false" })
        {
            string verified = await _home.RunOkAsync(cosign, Verify(target, bundles));
            Assert.Contains(image.Digest.ToString(), verified, StringComparison.Ordinal);
        }
    }

    private static string[] Verify(string target, string bundles) =>
    [
        "verify", "--key", "cosign.pub", "--insecure-ignore-tlog", $"--new-bundle-format={bundles}", "--allow-http-registry", target,
    ];

    /// <summary>Signs twice: with a bundle that refers to the image, and with the older tag of the image's digest.</summary>
    private async Task SignAsync(Peer cosign, TestedRegistry registry, Descriptor image)
    {
        await _home.RunOkAsync(cosign, "generate-key-pair");
        foreach (string bundles in new[] { "true", "false" })
        {
            await _home.RunOkAsync(
                cosign, "sign", "--key", "cosign.key", "--yes", "--tlog-upload=false", "--use-signing-config=false",
                $"--new-bundle-format={bundles}", "--allow-http-registry", $"{registry.Host}/signed/app@{image.Digest}");
        }
    }

    private async Task AssertUnsignedAsync(Peer cosign, string target)
    {
        PeerResult result = await PeerProcess.RunAsync(
            cosign.Path, Verify(target, "true"), _home.Path, cancellationToken: Cancelled);
        Assert.NotEqual(0, result.ExitCode);
    }
}
