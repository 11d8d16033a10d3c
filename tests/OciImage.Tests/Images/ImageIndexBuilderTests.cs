using OciImage.Content;
using OciImage.Images;
using OciImage.TestKit;

namespace OciImage.Tests.Images;

public sealed class ImageIndexBuilderTests
{
    private readonly MemoryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BuildAsync_WritesTheManifestsInOrderAndTags()
    {
        Descriptor amd64 = await BuildAsync("linux/amd64");
        Descriptor arm64 = await BuildAsync("linux/arm64");

        Descriptor index = await ImageIndexBuilder.BuildAsync(
            _store, [arm64, amd64], "all", new Dictionary<string, string> { ["a"] = "b" }, Token);

        byte[] bytes = await (await _store.OpenReadAsync(index, Token)).ReadToEndAsync(4096, Token);
        ImageIndex value = OciDocument<ImageIndex>.Parse(bytes, index.MediaType).Value;
        Assert.Equal([arm64, amd64], value.Manifests);
        Assert.Equal("b", value.Annotations["a"]);
        Assert.Equal(MediaTypes.ImageIndex, index.MediaType);
        Assert.Equal(index, await _store.ResolveAsync("all", Token));
    }

    [Fact]
    public async Task BuildAsync_WritesAManifestListForDockerImages()
    {
        Descriptor docker = await TestImage.PushAsync(_store, MediaTypes.DockerManifest, "x");
        Descriptor oci = await TestImage.PushAsync(_store, MediaTypes.ImageManifest, "y");

        Descriptor list = await ImageIndexBuilder.BuildAsync(_store, [docker], cancellationToken: Token);
        Descriptor mixed = await ImageIndexBuilder.BuildAsync(_store, [docker, oci], cancellationToken: Token);

        Assert.Equal(MediaTypes.DockerManifestList, list.MediaType);
        Assert.Equal(MediaTypes.ImageIndex, mixed.MediaType);
    }

    [Fact]
    public async Task BuildAsync_RefusesWhatIsAbsentOrNoManifest()
    {
        Descriptor absent = Descriptor.Create(MediaTypes.ImageManifest, "absent"u8);
        Descriptor layer = Descriptor.Create(MediaTypes.LayerGzip, "layer"u8);

        await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await ImageIndexBuilder.BuildAsync(_store, [absent], "all", cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await ImageIndexBuilder.BuildAsync(_store, [layer], "all", cancellationToken: Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.ResolveAsync("all", Token));
    }

    private async Task<Descriptor> BuildAsync(string platform) =>
        await ImageBuilder.FromScratch(Platform.Parse(platform)).BuildAsync(_store, cancellationToken: Token);
}
