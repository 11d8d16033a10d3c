using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class ContentCopyTests
{
    private readonly MemoryStore _store = new();
    private readonly RecordingStore _target = new();
    private readonly RecordingSource _source;

    public ContentCopyTests()
    {
        _source = new RecordingSource(_store);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CopyAsync_CarriesOnePiece()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");

        await ContentCopy.CopyAsync(_source, _target, image, null, Token);
        await ContentCopy.CopyAsync(_source, _target, image, null, Token);

        Assert.Equal([image.Digest], _target.Pushes.Keys);
        Assert.Equal([image.Digest], _source.Opened);
    }

    [Fact]
    public async Task CopyGraphAsync_CarriesChildrenFirstAndTagsLast()
    {
        Descriptor first = await TestContent.PushImageAsync(_store, "first");
        Descriptor second = await TestContent.PushImageAsync(_store, "second");
        Descriptor index = await TestContent.PushIndexAsync(_store, [first, second]);

        Descriptor copied = await ContentCopy.CopyGraphAsync(_source, _target, index, "latest", null, Token);

        Assert.Equal(index, copied);
        Assert.Empty(_target.Faults);
        Assert.Equal(8, _target.Pushes.Count); // the layer of all is one
        Assert.All(_target.Pushes.Values, count => Assert.Equal(1, count));
        Assert.Equal($"tag latest {index.Digest}", _target.Calls.Last());
        Assert.Equal(index.Digest, (await _target.ResolveAsync("latest", Token)).Digest);
    }

    [Fact]
    public async Task CopyGraphAsync_OfWhatIsTaggedThere_AsksOnce()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await ContentCopy.CopyGraphAsync(_source, _target, image, "latest", null, Token);
        _target.Calls.Clear();
        _source.Opened.Clear();

        await ContentCopy.CopyGraphAsync(_source, _target, image, "latest", null, Token);

        Assert.Equal(["resolve latest"], _target.Calls);
        Assert.Empty(_source.Opened);
    }

    [Fact]
    public async Task CopyGraphAsync_OfWhatIsThereUntagged_OnlyTags()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await ContentCopy.CopyGraphAsync(_source, _target, image, null, null, Token);
        _target.Calls.Clear();
        _source.Opened.Clear();

        await ContentCopy.CopyGraphAsync(_source, _target, image, "latest", null, Token);

        Assert.Equal(
            ["resolve latest", $"exists {image.Digest}", $"tag latest {image.Digest}"], _target.Calls);
        Assert.Empty(_source.Opened);
    }

    [Theory]
    [InlineData(false)] // the parent proves its children
    [InlineData(true)] // … unless that is not trusted
    public async Task CopyGraphAsync_LooksBelowAPresentParentOnlyWhenForced(bool force)
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var target = new MemoryStore();
        await ContentCopy.CopyGraphAsync(_source, target, image, null, null, Token);
        Descriptor layer = TestContent.Describe("layer of a", MediaTypes.LayerGzip);
        await target.DeleteAsync(layer, Token);

        await ContentCopy.CopyGraphAsync(
            _source, target, image, "latest", new CopyOptions { ForceRecursive = force }, Token);

        Assert.Equal(force, await target.ExistsAsync(layer, Token));
    }

    [Fact]
    public async Task CopyGraphAsync_MountsWhereTheTargetCan()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var target = new MemoryStore();
        var progress = new ListProgress();

        await ContentCopy.CopyGraphAsync(_store, target, image, null, new CopyOptions { Progress = progress }, Token);

        Assert.Equal(3, progress.Count(ContentProgressState.Mounted));
        Assert.Equal(1, progress.Count(ContentProgressState.Completed)); // a manifest is never mounted
    }

    [Theory]
    [InlineData("data", false)]
    [InlineData("lies", true)] // M09
    public async Task CopyGraphAsync_UsesEmbeddedDataThatIsTrue(string data, bool fetched)
    {
        Descriptor layer = await TestImage.PushAsync(_store, TestContent.Unknown, "data");
        Descriptor image = await TestContent.PushManifestAsync(
            _store, layer with { Data = TestContent.Bytes(data) }, []);

        await ContentCopy.CopyGraphAsync(_source, _target, image, null, null, Token);

        Assert.Equal(fetched, _source.Opened.Contains(layer.Digest));
        Assert.Equal(TestContent.Bytes("data"), await TestContent.ReadAsync(_target, layer));
    }

    [Fact]
    public async Task CopyGraphAsync_CarriesUnknownTypesAsTheyAre()
    {
        Descriptor unknown = await TestImage.PushAsync(_store, TestContent.Unknown, """{"manifests":[],"layers":[]}""");
        Descriptor image = await TestContent.PushManifestAsync(_store, unknown, [unknown]);
        Descriptor index = await TestContent.PushIndexAsync(_store, [image, unknown]);

        await ContentCopy.CopyGraphAsync(_source, _target, index, "latest", null, Token);
        await ContentCopy.CopyGraphAsync(_source, _target, unknown, "unknown", null, Token);

        Assert.Equal(3, _target.Pushes.Count);
        Assert.Equal(unknown, await _target.ResolveAsync("unknown", Token));
    }

    [Fact]
    public async Task CopyGraphAsync_DoesNotFollowTheSubject() // M11
    {
        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor image = await TestContent.PushManifestAsync(_store, config, [], manifest => manifest with
        {
            Subject = TestContent.Describe("absent", MediaTypes.ImageManifest),
        });

        await ContentCopy.CopyGraphAsync(_source, _target, image, null, null, Token);

        Assert.Equal(2, _target.Pushes.Count);
    }

    [Fact]
    public async Task CopyGraphAsync_CarriesBytesOnceWhateverTheirType()
    {
        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor layer = await TestImage.PushAsync(_store, MediaTypes.LayerGzip, "layer");
        Descriptor image = await TestContent.PushManifestAsync(
            _store, config, [layer, layer with { MediaType = MediaTypes.DockerLayerGzip }, layer]);

        await ContentCopy.CopyGraphAsync(_source, _target, image, null, null, Token);

        Assert.Equal(1, _target.Pushes[layer.Digest]);
    }

    [Fact]
    public async Task CopyGraphAsync_TakesNoLayerForTheManifestOfItsDigest()
    {
        // The index names an image, and an artifact that has the image's manifest for a layer.
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor artifact = await TestContent.PushManifestAsync(
            _store, config, [image with { MediaType = TestContent.Unknown }]);
        Descriptor index = await TestContent.PushIndexAsync(_store, [artifact, image]);
        await ContentCopy.CopyGraphAsync(_source, _target, artifact, null, null, Token);

        await ContentCopy.CopyGraphAsync(_source, _target, index, null, null, Token);

        Assert.Empty(_target.Faults);
        Assert.True(await _target.ExistsAsync(TestContent.Describe("layer of a", MediaTypes.LayerGzip), Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CopyGraphAsync_LeavesOutAForeignLayerThatTheSourceLacks(bool available)
    {
        Descriptor foreign = TestContent.Describe("foreign", MediaTypes.DockerForeignLayerGzip) with
        {
            Urls = ["https://example.com/layer"],
        };
        if (available)
        {
            await _store.PushAsync(foreign, TestContent.Of("foreign"), Token);
        }

        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor image = await TestContent.PushManifestAsync(_store, config, [foreign]);

        await ContentCopy.CopyGraphAsync(_source, _target, image, "latest", null, Token);

        Assert.Equal(available, await _target.ExistsAsync(foreign, Token));
        Assert.Equal(image, await _target.ResolveAsync("latest", Token));
    }

    [Fact]
    public async Task CopyGraphAsync_KeepsWithinItsConcurrency()
    {
        var layers = new List<Descriptor>();
        for (int i = 0; i < 20; i++)
        {
            layers.Add(await TestImage.PushAsync(_store, MediaTypes.Layer, $"layer {i}"));
        }

        Descriptor image = await TestContent.PushManifestAsync(_store, layers[0], layers);

        await ContentCopy.CopyGraphAsync(_source, _target, image, null, new CopyOptions { MaxConcurrency = 2 }, Token);

        Assert.InRange(_target.MostPushing, 1, 2);
        Assert.Equal(21, _target.Pushes.Count);
    }

    [Fact]
    public async Task CopyGraphAsync_TellsTheTargetAgainWhatItOnlyClaimedToHave()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var target = new ForgetfulStore(TestContent.Describe("layer of a").Digest);

        await ContentCopy.CopyGraphAsync(_source, target, image, "latest", null, Token);

        Assert.Equal(image, await target.ResolveAsync("latest", Token));
        Assert.True(target.HasAll);
    }

    [Fact]
    public async Task WalkAsync_GoesChildrenFirstEachOnce()
    {
        Descriptor first = await TestContent.PushImageAsync(_store, "first");
        Descriptor second = await TestContent.PushImageAsync(_store, "second");
        Descriptor index = await TestContent.PushIndexAsync(_store, [first, second, first]);

        Descriptor[] walked = await ContentCopy.WalkAsync(_source, index, null, Token).ToArrayAsync(Token);

        Digest[] digests = [.. walked.Select(item => item.Digest)];
        Assert.Equal(8, digests.Distinct().Count());
        Assert.Equal(8, digests.Length);
        Assert.Equal(3, digests.IndexOf(first.Digest));
        Assert.Equal(6, digests.IndexOf(second.Digest));
        Assert.Equal(7, digests.IndexOf(index.Digest));
        Assert.Equal(3, _source.Opened.Count); // layers and configurations are not read
    }

    [Fact]
    public async Task WalkAsync_OfALeaf_GivesIt()
    {
        Descriptor leaf = TestContent.Describe("leaf");

        Assert.Equal([leaf], await ContentCopy.WalkAsync(_source, leaf, null, Token).ToArrayAsync(Token));
    }

    /// <summary>Says that it has a blob until a manifest needs it, as a registry whose cache is stale.</summary>
    private sealed class ForgetfulStore(Digest forgotten) : IImageStore
    {
        private readonly MemoryStore _inner = new();

        public bool HasAll { get; private set; }

        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            _inner.OpenReadAsync(descriptor, cancellationToken);

        public async ValueTask PushAsync(
            Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
        {
            HasAll |= descriptor.Digest == forgotten;
            if (MediaTypes.IsManifestOrIndex(descriptor.MediaType) && !HasAll)
            {
                throw new RegistryException("A blob is unknown.") { Codes = ["MANIFEST_BLOB_UNKNOWN"] };
            }

            await _inner.PushAsync(descriptor, content, cancellationToken);
        }

        public async ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            descriptor.Digest == forgotten || await _inner.ExistsAsync(descriptor, cancellationToken);

        public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
            _inner.ResolveAsync(reference, cancellationToken);

        public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default) =>
            _inner.TagAsync(descriptor, reference, cancellationToken);
    }
}
