using OciImage.Compression;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Tests.Images;

public sealed class ImageCheckerTests
{
    private static readonly Platform Amd64 = Platform.Parse("linux/amd64");

    private readonly MemoryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CheckAsync_FindsNothingWrongWithAWholeIndex()
    {
        Descriptor image = await BuildAsync(await TestImage.AddLayerAsync(_store, "a", "1"));
        Descriptor artifact = await PushManifestAsync(new ImageManifest
        {
            ArtifactType = "application/example",
            Config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}"),
            Layers = [await TestImage.PushAsync(_store, "text/plain", "hello")],
            Subject = Descriptor.Create(MediaTypes.ImageManifest, "absent"u8), // M11: need not be there
        });
        Descriptor index = await ImageIndexBuilder.BuildAsync(_store, [image, artifact], cancellationToken: Token);
        var told = new List<ContentProgress>();

        CheckReport report = await ImageChecker.CheckAsync(_store, index, new Listener(told), Token);

        Assert.True(report.IsWhole);
        Assert.Equal(7, report.Contents);
        Assert.Equal(report.Bytes, told.Sum(progress => progress.BytesTransferred));
    }

    [Fact]
    public async Task CheckAsync_TakesAttestationsOfBuildKitForWhatTheyAre()
    {
        Descriptor image = await BuildAsync(await TestImage.AddLayerAsync(_store, "a", "1"));
        Descriptor statement = await TestImage.PushAsync(_store, "application/vnd.in-toto+json", "{}");
        string config =
            $$$"""{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":["{{{statement.Digest}}}"]}}""";
        Descriptor attestation = await PushManifestAsync(new ImageManifest
        {
            Config = await TestImage.PushAsync(_store, MediaTypes.ImageConfig, config),
            Layers = [statement],
        });
        Descriptor index = await ImageIndexBuilder.BuildAsync(_store, [image, attestation], cancellationToken: Token);

        CheckReport report = await ImageChecker.CheckAsync(_store, index, cancellationToken: Token);

        Assert.Empty(report.Faults);
        Assert.Equal(7, report.Contents);
    }

    // Without the key there is no DiffID to hold it against, but the bytes are those that were encrypted.
    [Fact]
    public async Task CheckAsync_ReadsEncryptedLayersAsTheyAre()
    {
        WrittenLayer plain = await TestImage.AddLayerAsync(_store, "a", "1");
        Descriptor encrypted = await TestImage.PushAsync(_store, MediaTypes.LayerGzip + "+encrypted", "secret");
        string config =
            $$$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["{{{plain.DiffId}}}","{{{encrypted.Digest}}}"]}}""";
        Descriptor image = await PushManifestAsync(new ImageManifest
        {
            Config = await TestImage.PushAsync(_store, MediaTypes.ImageConfig, config),
            Layers = [plain.Descriptor, encrypted],
        });

        CheckReport report = await ImageChecker.CheckAsync(_store, image, cancellationToken: Token);

        Assert.Empty(report.Faults);
        Assert.Equal(4, report.Contents);
    }

    // D11
    [Fact]
    public async Task CheckAsync_FindsAnotherDiffId()
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(_store, "a", "1");
        Descriptor image = await BuildAsync(layer with { DiffId = Digest.Compute("other"u8) });

        CheckFault fault = await CheckSingleAsync(image);

        Assert.Equal(layer.Descriptor, fault.Descriptor);
        Assert.Equal(LayerErrorKind.DiffIdMismatch, Assert.IsType<LayerException>(fault.Error).Kind);
    }

    // D12
    [Fact]
    public async Task CheckAsync_FindsDiffIdsInAnotherOrder()
    {
        WrittenLayer a = await TestImage.AddLayerAsync(_store, "a", "1");
        WrittenLayer b = await TestImage.AddLayerAsync(_store, "b", "2");
        Descriptor image = await BuildAsync(a with { DiffId = b.DiffId }, b with { DiffId = a.DiffId });

        CheckReport report = await ImageChecker.CheckAsync(_store, image, cancellationToken: Token);

        Assert.Equal([a.Descriptor, b.Descriptor], report.Faults.Select(fault => fault.Descriptor));
    }

    [Fact]
    public async Task CheckAsync_GoesOnAfterAFault()
    {
        WrittenLayer a = await TestImage.AddLayerAsync(_store, "a", "1");
        WrittenLayer b = await TestImage.AddLayerAsync(_store, "b", "2");
        Descriptor first = await BuildAsync(a);
        Descriptor second = await BuildAsync(b);
        Descriptor index = await ImageIndexBuilder.BuildAsync(_store, [first, second], cancellationToken: Token);
        await _store.DeleteAsync(a.Descriptor, Token);
        await _store.DeleteAsync(b.Descriptor, Token);

        CheckReport report = await ImageChecker.CheckAsync(_store, index, cancellationToken: Token);

        Assert.False(report.IsWhole);
        Assert.Equal([a.Descriptor, b.Descriptor], report.Faults.Select(fault => fault.Descriptor));
        Assert.All(report.Faults, fault => Assert.IsType<ContentNotFoundException>(fault.Error));
    }

    [Fact]
    public async Task CheckAsync_NamesDamagedBytesBeforeWhatFollowsFromThem()
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(_store, "a", "1");
        Descriptor image = await BuildAsync(layer);

        CheckReport report = await ImageChecker.CheckAsync(
            new DamagingSource(_store, layer.Descriptor.Digest), image, cancellationToken: Token);

        Assert.IsType<ContentVerificationException>(Assert.Single(report.Faults).Error);
    }

    // D06, D08
    [Fact]
    public async Task CheckAsync_FindsALayerThatCannotBeRead()
    {
        Descriptor blob = await TestImage.PushAsync(_store, MediaTypes.LayerGzip, "not a tar, and long enough to be looked at");
        Descriptor image = await BuildAsync(new WrittenLayer(blob, Digest.Compute("x"u8), 1));

        Assert.IsType<LayerException>((await CheckSingleAsync(image)).Error);
    }

    // The same digest under another size or type is another promise.
    [Fact]
    public async Task CheckAsync_ChecksEveryPromiseOfTheSameContent()
    {
        Descriptor blob = await TestImage.PushAsync(_store, "text/plain", """{"config":1}""");
        Descriptor manifest = await PushManifestAsync(new ImageManifest
        {
            ArtifactType = "application/example",
            Config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}"),
            Layers = [blob, blob with { Size = blob.Size + 1 }],
        });
        var index = OciDocument<ImageIndex>.Create(new ImageIndex
        {
            MediaType = MediaTypes.ImageIndex,
            Manifests = [manifest, blob with { MediaType = MediaTypes.ImageManifest }],
        });
        await _store.PushAsync(index.Descriptor, ReplayableContent.FromBytes(index.Bytes), Token);

        CheckReport report = await ImageChecker.CheckAsync(_store, index.Descriptor, cancellationToken: Token);

        Assert.Equal(2, report.Faults.Count);
        Assert.IsType<ContentVerificationException>(report.Faults[0].Error);
        Assert.IsType<DocumentFormatException>(report.Faults[1].Error);
    }

    // M09
    [Fact]
    public async Task CheckAsync_FindsEmbeddedDataThatIsNotTheContent()
    {
        Descriptor blob = await TestImage.PushAsync(_store, "text/plain", "hello");
        Descriptor manifest = await PushManifestAsync(new ImageManifest
        {
            ArtifactType = "application/example",
            Config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}"),
            Layers = [blob with { Data = "other"u8.ToArray() }],
        });

        CheckFault fault = await CheckSingleAsync(manifest);

        Assert.Contains("embedded", fault.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckAsync_DoesNotAskForLayersThatMustNotBeDistributed()
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(
            _store, "a", "1", MediaTypes.NonDistributableLayer, CompressionFormat.None);
        Descriptor image = await BuildAsync(layer);
        await _store.DeleteAsync(layer.Descriptor, Token);

        CheckReport report = await ImageChecker.CheckAsync(_store, image, cancellationToken: Token);

        Assert.True(report.IsWhole);
    }

    // D13
    [Fact]
    public async Task CheckAsync_ReadsLayersAlsoWithoutDiffIds()
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(_store, "a", "1");
        Descriptor config = await TestImage.PushAsync(
            _store, MediaTypes.ImageConfig, """{"rootfs":{"type":"layers","diff_ids":null}}""");
        Descriptor manifest = await PushManifestAsync(new ImageManifest { Config = config, Layers = [layer.Descriptor] });
        await _store.DeleteAsync(layer.Descriptor, Token);

        CheckReport report = await ImageChecker.CheckAsync(_store, manifest, cancellationToken: Token);

        Assert.Equal([manifest, layer.Descriptor], report.Faults.Select(fault => fault.Descriptor));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task CheckAsync_TellsFaultsInTheOrderOfTheDocumentsWhoeverIsFaster(int concurrency)
    {
        var layers = new List<Descriptor>();
        for (int i = 0; i < 40; i++)
        {
            layers.Add(await TestImage.PushAsync(_store, "text/plain", new string('x', (40 - i) * 5000)));
        }

        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor manifest = await PushManifestAsync(new ImageManifest
        {
            ArtifactType = "application/example",
            Config = config,
            Layers = [.. layers.Select(layer => layer with { Size = layer.Size + 1 })],
        });

        CheckReport report = await ImageChecker.CheckAsync(
            _store, [manifest], new CheckOptions { MaxConcurrency = concurrency }, null, Token);

        Assert.Equal(layers.Select(layer => layer.Digest), report.Faults.Select(fault => fault.Descriptor.Digest));
        Assert.False(report.IsTruncated);
    }

    [Fact]
    public async Task CheckAsync_SaysThatItGaveUp()
    {
        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor manifest = await PushManifestAsync(new ImageManifest
        {
            ArtifactType = "application/example",
            Config = config,
            Layers = [.. Enumerable.Range(0, 30).Select(i => TestContent.Describe($"absent {i}"))],
        });

        CheckReport all = await ImageChecker.CheckAsync(_store, [manifest], new CheckOptions { MaxFaults = 30 }, null, Token);
        CheckReport some = await ImageChecker.CheckAsync(_store, [manifest], new CheckOptions { MaxFaults = 7 }, null, Token);

        Assert.Equal((30, false), (all.Faults.Count, all.IsTruncated));
        Assert.Equal((7, true), (some.Faults.Count, some.IsTruncated));
    }

    [Fact]
    public async Task CheckAsync_EndsAtOnceWhereNothingCanBeSaid()
    {
        Descriptor image = await BuildAsync(await TestImage.AddLayerAsync(_store, "a", "1"), await TestImage.AddLayerAsync(_store, "b", "2"));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAsync<IOException>(async () => await ImageChecker.CheckAsync(
            new FailingSource(_store, new IOException("disk gone", 19)), image, cancellationToken: Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await ImageChecker.CheckAsync(_store, image, cancellationToken: cancelled.Token));
    }

    // A device that cannot read its own bytes (EIO).
    [Fact]
    public async Task CheckAsync_TakesWhatCannotBeReadForDamage()
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(_store, "a", "1");
        Descriptor image = await BuildAsync(layer);

        CheckReport report = await ImageChecker.CheckAsync(
            new FailingSource(_store, new IOException("Input/output error", 5)), image, cancellationToken: Token);

        Assert.Contains("cannot be read", Assert.IsType<ContentVerificationException>(Assert.Single(report.Faults).Error).Message, StringComparison.Ordinal);
    }

    // M12, M10
    [Fact]
    public async Task CheckAsync_ReportsRootsItCannotRead()
    {
        Descriptor old = await TestImage.PushAsync(_store, MediaTypes.DockerManifestSchema1, "{}");
        Descriptor deep = await ImageIndexBuilder.BuildAsync(_store, [], cancellationToken: Token);
        for (int i = 0; i < 20; i++)
        {
            deep = await ImageIndexBuilder.BuildAsync(_store, [deep], cancellationToken: Token);
        }

        Assert.IsType<DocumentFormatException>((await CheckSingleAsync(old)).Error);
        Assert.IsType<DocumentFormatException>((await CheckSingleAsync(deep)).Error);
    }

    private async Task<CheckFault> CheckSingleAsync(Descriptor root) =>
        Assert.Single((await ImageChecker.CheckAsync(_store, root, cancellationToken: Token)).Faults);

    private async Task<Descriptor> BuildAsync(params WrittenLayer[] layers)
    {
        ImageBuilder builder = ImageBuilder.FromScratch(Amd64);
        foreach (WrittenLayer layer in layers)
        {
            builder.AddLayer(layer);
        }

        return await builder.BuildAsync(_store, cancellationToken: Token);
    }

    private Task<Descriptor> PushManifestAsync(ImageManifest manifest)
    {
        var document = OciDocument<ImageManifest>.Create(manifest);
        return TestImage.PushAsync(_store, document.Descriptor.MediaType, document.Bytes);
    }

    private sealed class Listener(List<ContentProgress> told) : IProgress<ContentProgress>
    {
        public void Report(ContentProgress value) => told.Add(value);
    }

    /// <summary>A store whose layers cannot be opened.</summary>
    private sealed class FailingSource(IContentFetcher inner, IOException error) : IContentFetcher
    {
        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            descriptor.MediaType == MediaTypes.LayerGzip ? throw error : inner.OpenReadAsync(descriptor, cancellationToken);
    }

    /// <summary>A store in which one piece of content has rotted.</summary>
    private sealed class DamagingSource(IContentFetcher inner, Digest damaged) : IContentFetcher
    {
        public async ValueTask<ContentStream> OpenReadAsync(
            Descriptor descriptor, CancellationToken cancellationToken = default)
        {
            ContentStream stream = await inner.OpenReadAsync(descriptor, cancellationToken);
            if (descriptor.Digest != damaged)
            {
                return stream;
            }

            byte[] bytes = await stream.ReadToEndAsync(int.MaxValue, cancellationToken);
            bytes[bytes.Length / 2] ^= 0xFF;

            return new ContentStream(new MemoryStream(bytes), descriptor);
        }
    }
}
