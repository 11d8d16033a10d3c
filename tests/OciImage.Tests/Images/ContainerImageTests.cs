using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Tests.Images;

public sealed class ContainerImageTests
{
    private static readonly Platform Amd64 = Platform.Parse("linux/amd64");
    private static readonly Platform Arm64 = Platform.Parse("linux/arm64");

    private readonly MemoryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenAsync_PairsLayersWithDiffIds()
    {
        WrittenLayer lower = await TestImage.AddLayerAsync(_store, "a", "1");
        WrittenLayer upper = await TestImage.AddLayerAsync(_store, "b", "2");
        Descriptor built = await ImageBuilder.FromScratch(Amd64).AddLayer(lower).AddLayer(upper).BuildAsync(_store, "v1", Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, "v1", cancellationToken: Token);

        Assert.Equal(built.ToContentDescriptor(), image.Manifest.Descriptor);
        Assert.Equal("linux/amd64", image.Platform.ToString());
        Assert.Equal(
            [new LayerToApply(lower.Descriptor, lower.DiffId), new LayerToApply(upper.Descriptor, upper.DiffId)],
            image.Layers);
    }

    [Fact]
    public async Task OpenAsync_ChoosesThePlatformThroughNestedIndexes()
    {
        Descriptor amd64 = await BuildAsync(Amd64);
        Descriptor arm64 = await BuildAsync(Arm64);
        Descriptor inner = await ImageIndexBuilder.BuildAsync(_store, [arm64], cancellationToken: Token);
        Descriptor outer = await ImageIndexBuilder.BuildAsync(_store, [amd64, inner], "all", cancellationToken: Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, outer, Arm64, Token);

        Assert.Equal(arm64.ToContentDescriptor(), image.Manifest.Descriptor);
    }

    [Fact]
    public async Task OpenAsync_PrefersTheCloserPlatformWhereverItStands()
    {
        Descriptor plain = await BuildAsync(Amd64);
        Descriptor third = await BuildAsync(Platform.Parse("linux/amd64/v3"));
        Descriptor inner = await ImageIndexBuilder.BuildAsync(_store, [third], cancellationToken: Token);
        Descriptor outer = await ImageIndexBuilder.BuildAsync(_store, [plain, inner], cancellationToken: Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, outer, Platform.Parse("linux/amd64/v4"), Token);

        Assert.Equal(third.ToContentDescriptor(), image.Manifest.Descriptor);
    }

    [Fact]
    public async Task OpenAsync_ReadsThePlatformOfAnEntryThatDoesNotSay()
    {
        Descriptor amd64 = await BuildAsync(Amd64);
        Descriptor arm64 = await BuildAsync(Arm64);
        Descriptor index = await ImageIndexBuilder.BuildAsync(
            _store, [amd64.ToContentDescriptor(), arm64.ToContentDescriptor()], cancellationToken: Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, index, Arm64, Token);

        Assert.Equal(arm64.ToContentDescriptor(), image.Manifest.Descriptor);
    }

    [Fact]
    public async Task OpenAsync_SaysWhichPlatformsThereAre()
    {
        Descriptor index = await ImageIndexBuilder.BuildAsync(
            _store, [await BuildAsync(Amd64)], cancellationToken: Token);

        var error = await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await ContainerImage.OpenAsync(_store, index, Platform.Parse("linux/s390x"), Token));

        Assert.Contains("'linux/s390x'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'linux/amd64'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_RefusesAnImageOfAnotherPlatformThanTheOneAskedFor()
    {
        Descriptor built = await BuildAsync(Amd64);

        await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await ContainerImage.OpenAsync(_store, built, Arm64, Token));
    }

    [Fact]
    public async Task OpenAsync_TakesAnyPlatformOfAnImageThatIsInNoIndex()
    {
        Descriptor built = await BuildAsync(Platform.Parse("windows/riscv64"));

        ContainerImage image = await ContainerImage.OpenAsync(_store, built, cancellationToken: Token);

        Assert.Equal("windows", image.Platform.Os);
    }

    // M10
    [Fact]
    public async Task OpenAsync_RefusesIndexesThatStandTooDeep()
    {
        Descriptor root = await BuildAsync(Amd64);
        for (int depth = 0; depth < 20; depth++)
        {
            root = await ImageIndexBuilder.BuildAsync(_store, [root], cancellationToken: Token);
        }

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await ContainerImage.OpenAsync(_store, root, Amd64, Token));

        Assert.Contains("deep", error.Message, StringComparison.Ordinal);
    }

    // M10
    [Fact]
    public async Task OpenAsync_RefusesToReadAWideTreeForAPlatform()
    {
        var wide = new List<Descriptor>();
        for (int i = 0; i < 300; i++)
        {
            var annotations = new Dictionary<string, string> { ["n"] = $"{i}" };
            wide.Add(await ImageIndexBuilder.BuildAsync(_store, [], null, annotations, Token));
        }

        Descriptor root = await ImageIndexBuilder.BuildAsync(_store, wide, cancellationToken: Token);

        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await ContainerImage.OpenAsync(_store, root, Amd64, Token));
    }

    [Fact]
    public async Task OpenAsync_SaysThatAnArtifactIsNoImage()
    {
        await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor artifact = await PushManifestAsync(new ImageManifest
        {
            ArtifactType = "application/vnd.example.sbom",
            Config = Descriptor.Empty,
            Layers = [Descriptor.Empty],
        });

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await ContainerImage.OpenAsync(_store, artifact, cancellationToken: Token));

        Assert.Contains("'application/vnd.example.sbom'", error.Message, StringComparison.Ordinal);
        Assert.Equal("$.config.mediaType", error.Path);
    }

    // M13
    [Fact]
    public async Task OpenAsync_RefusesALayerThatIsNone()
    {
        Descriptor config = await TestImage.PushAsync(
            _store, MediaTypes.ImageConfig, """{"rootfs":{"type":"layers","diff_ids":[]}}""");
        Descriptor manifest = await PushManifestAsync(new ImageManifest { Config = config, Layers = [config] });

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await ContainerImage.OpenAsync(_store, manifest, cancellationToken: Token));

        Assert.Equal("$.layers[0].mediaType", error.Path);
    }

    // D13
    [Theory]
    [InlineData("""{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}""")]
    [InlineData("""{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":null}}""")]
    public async Task OpenAsync_RefusesAnotherCountOfDiffIdsThanLayers(string json)
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(_store, "a", "1");
        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.ImageConfig, json);
        Descriptor manifest = await PushManifestAsync(new ImageManifest { Config = config, Layers = [layer.Descriptor] });

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await ContainerImage.OpenAsync(_store, manifest, cancellationToken: Token));

        Assert.Contains("1 layers", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MediaTypes.DockerManifestSchema1Signed)] // M12
    [InlineData(MediaTypes.LayerGzip)]
    [InlineData("application/json")]
    public async Task OpenAsync_RefusesARootThatIsNoManifest(string mediaType)
    {
        Descriptor root = await TestImage.PushAsync(_store, mediaType, "{}");

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await ContainerImage.OpenAsync(_store, root, cancellationToken: Token));

        Assert.Contains(mediaType, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_SaysWhatIsMissing()
    {
        await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await ContainerImage.OpenAsync(_store, "absent", cancellationToken: Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await ContainerImage.OpenAsync(
                _store, Descriptor.Create(MediaTypes.ImageManifest, "x"u8), cancellationToken: Token));
    }

    private async Task<Descriptor> BuildAsync(Platform platform) =>
        await ImageBuilder.FromScratch(platform).BuildAsync(_store, cancellationToken: Token);

    private Task<Descriptor> PushManifestAsync(ImageManifest manifest)
    {
        var document = OciDocument<ImageManifest>.Create(manifest);
        return TestImage.PushAsync(_store, document.Descriptor.MediaType, document.Bytes);
    }
}
