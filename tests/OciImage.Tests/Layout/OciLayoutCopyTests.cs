using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout;

/// <summary>A layout takes documents without what they refer to, so one that is there proves nothing.</summary>
public sealed class OciLayoutCopyTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly MemoryStore _source = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task CopyGraph_AfterASparseOneCarriesTheRest()
    {
        OciLayout layout = await CreateAsync();
        (Descriptor index, Descriptor[] layers) = await PushIndexAsync();
        var sparse = new CopyOptions { Sparse = true, Platforms = [Platform.Parse("linux/amd64")] };
        await ContentCopy.CopyGraphAsync(_source, layout, index, "v1", sparse, Token);
        Assert.False(await layout.ExistsAsync(layers[1], Token));

        await ContentCopy.CopyGraphAsync(_source, layout, index, "v1", cancellationToken: Token);

        Assert.True(await layout.ExistsAsync(layers[1], Token));
        Assert.Equal(index.Digest, (await layout.ResolveAsync("v1", Token)).Digest);
    }

    [Fact]
    public async Task CopyGraph_IsNotFooledByAManifestThatCameInAsALayer()
    {
        OciLayout layout = await CreateAsync();
        (Descriptor index, Descriptor[] layers) = await PushIndexAsync();
        await using (ContentStream bytes = await _source.OpenReadAsync(index, Token))
        {
            byte[] content = await bytes.ReadToEndAsync(100_000, Token);
            await layout.PushAsync(
                index with { MediaType = MediaTypes.LayerGzip }, ReplayableContent.FromBytes(content), Token);
        }

        await ContentCopy.CopyGraphAsync(_source, layout, index, "v1", cancellationToken: Token);

        Assert.True(await layout.ExistsAsync(layers[0], Token) && await layout.ExistsAsync(layers[1], Token));
    }

    [Fact]
    public async Task CopyGraph_OfWhatIsThereAsksTheSourceForNothing()
    {
        OciLayout layout = await CreateAsync();
        (Descriptor index, _) = await PushIndexAsync();
        await ContentCopy.CopyGraphAsync(_source, layout, index, "v1", cancellationToken: Token);

        Descriptor again = await ContentCopy.CopyGraphAsync(
            new EmptySource(), layout, index, "v1", cancellationToken: Token);

        Assert.Equal(index, again);
    }

    private ValueTask<OciLayout> CreateAsync() => OciLayout.OpenOrCreateAsync(
        _directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None }, Token);

    private async Task<(Descriptor Index, Descriptor[] Layers)> PushIndexAsync()
    {
        var manifests = new List<Descriptor>();
        var layers = new List<Descriptor>();
        foreach (string architecture in new[] { "amd64", "arm64" })
        {
            Descriptor layer = await PushAsync(MediaTypes.LayerGzip, System.Text.Encoding.UTF8.GetBytes(architecture));
            Descriptor config = await PushAsync(MediaTypes.Empty, "{}"u8.ToArray());
            var manifest = OciDocument<ImageManifest>.Create(new ImageManifest
            {
                MediaType = MediaTypes.ImageManifest, ArtifactType = "application/x-test", Config = config, Layers = [layer],
            });
            layers.Add(layer);
            manifests.Add(await PushAsync(MediaTypes.ImageManifest, manifest.Bytes.ToArray()) with
            {
                Platform = new Platform { Os = "linux", Architecture = architecture },
            });
        }

        var index = OciDocument<ImageIndex>.Create(new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = manifests });
        return (await PushAsync(MediaTypes.ImageIndex, index.Bytes.ToArray()), [.. layers]);
    }

    private async Task<Descriptor> PushAsync(string mediaType, byte[] bytes)
    {
        Descriptor descriptor = Descriptor.Create(mediaType, bytes);
        await _source.PushAsync(descriptor, ReplayableContent.FromBytes(bytes), Token);

        return descriptor;
    }

    private sealed class EmptySource : IContentFetcher
    {
        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            throw ContentNotFoundException.ForDigest(descriptor.Digest, "nowhere");
    }
}
