using OciImage.Compression;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.TestKit;
using OciImage.Tests.Content;
using static OciImage.Tests.Images.Conversion.SampleGraph;

namespace OciImage.Tests.Images.Conversion;

public sealed class ImageConverterTests
{
    private readonly MemoryStore _source = new();
    private readonly MemoryStore _target = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(CompressionFormat.Gzip, CompressionFormat.Zstd, MediaTypes.LayerZstd)]
    [InlineData(CompressionFormat.Zstd, CompressionFormat.Gzip, MediaTypes.LayerGzip)]
    [InlineData(CompressionFormat.Gzip, CompressionFormat.None, MediaTypes.Layer)]
    [InlineData(CompressionFormat.None, CompressionFormat.Zstd, MediaTypes.LayerZstd)]
    public async Task ConvertAsync_CompressesLayersAndLeavesTheRest(CompressionFormat from, CompressionFormat to, string mediaType)
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one", from);
        Descriptor image = await AddImageAsync(_source, [layer], change: manifest => manifest with
        {
            Annotations = new Dictionary<string, string> { ["kept"] = "yes" },
        });

        ConversionReport report = await ConvertWholeAsync(_source, _target, image, new() { Compression = to });

        ImageManifest before = await ReadManifestAsync(_source, image);
        ImageManifest after = await ReadManifestAsync(_target, report.Result);
        Assert.True(report.IsChanged);
        Assert.Equal(before.Config, after.Config);
        Assert.Equal(before.Annotations, after.Annotations);
        Assert.Equal(mediaType, Assert.Single(after.Layers).MediaType);
        ConvertedLayer converted = Assert.Single(report.Layers);
        Assert.Equal(
            (layer.Descriptor, after.Layers[0], LayerOutcome.Converted), (converted.Source, converted.Result, converted.Outcome));
        Assert.Equal(to == CompressionFormat.None, after.Layers[0].Digest == layer.DiffId);
    }

    [Fact]
    public async Task ConvertAsync_CarriesWhatHasNothingToChangeByteByByte()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        byte[] canonical = await TestContent.ReadAsync(_source, image);
        byte[] bytes = [.. "\n  "u8, .. canonical];
        Descriptor odd = await TestImage.PushAsync(_source, MediaTypes.ImageManifest, bytes);
        Descriptor index = await AddIndexAsync(_source, [odd, image]);

        ConversionReport report = await ConvertWholeAsync(
            _source, _target, index, new() { Format = ImageFormat.Oci, Compression = CompressionFormat.Gzip });

        Assert.False(report.IsChanged);
        Assert.Equal(index.Digest, report.Result.Digest);
    }

    [Fact]
    public async Task ConvertAsync_KeepsTheBytesOfUnchangedManifestsInAChangedIndex()
    {
        Descriptor zstd = await AddImageAsync(_source, "one", CompressionFormat.Zstd);
        Descriptor gzip = await AddImageAsync(_source, "two", architecture: "arm64");
        Descriptor index = await AddIndexAsync(_source, [zstd, gzip]);

        ConversionReport report = await ConvertWholeAsync(_source, _target, index, new() { Compression = CompressionFormat.Zstd });

        ImageIndex after = await ReadIndexAsync(_target, report.Result);
        Assert.Equal(zstd, after.Manifests[0]);
        Assert.NotEqual(gzip.Digest, after.Manifests[1].Digest);
        Assert.Equal(gzip.Platform, after.Manifests[1].Platform);
    }

    [Fact]
    public async Task ConvertAsync_GoesThroughIndexesInIndexesAndKeepsWhatTheySay()
    {
        Descriptor image = await AddImageAsync(_source, "one") with
        {
            Annotations = new Dictionary<string, string> { ["entry"] = "kept" },
            ArtifactType = "application/example",
            Urls = ["https://old.example/manifest"], // of the old bytes
        };
        Descriptor inner = await AddIndexAsync(_source, [image], change: index => index with { ArtifactType = "application/inner" });
        Descriptor outer = await AddIndexAsync(
            _source, [inner, image], change: index => index with { Annotations = new Dictionary<string, string> { ["outer"] = "kept" } });

        ConversionReport report = await ConvertWholeAsync(_source, _target, outer, new() { Compression = CompressionFormat.Zstd });

        ImageIndex after = await ReadIndexAsync(_target, report.Result);
        ImageIndex afterInner = await ReadIndexAsync(_target, after.Manifests[0]);
        Assert.Equal("kept", after.Annotations["outer"]);
        Assert.Equal("application/inner", afterInner.ArtifactType);
        Assert.Equal(after.Manifests[1], Assert.Single(afterInner.Manifests));
        Assert.Equal(
            image with { Digest = after.Manifests[1].Digest, Size = after.Manifests[1].Size, Urls = [] }, after.Manifests[1]);
        Assert.Single(report.Layers);
    }

    [Fact]
    public async Task ConvertAsync_KeepsFieldsThatNobodyKnows()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        Descriptor image = await AddImageAsync(_source, [layer]);
        string text = System.Text.Encoding.UTF8.GetString(await TestContent.ReadAsync(_source, image))
            .Replace("\"size\":" + layer.Descriptor.Size, $"\"size\":{layer.Descriptor.Size},\"x-layer\":[1]", StringComparison.Ordinal)
            .Replace("{\"schemaVersion\"", "{\"x-top\":{\"a\":null},\"schemaVersion\"", StringComparison.Ordinal);
        Descriptor extended = await TestImage.PushAsync(_source, MediaTypes.ImageManifest, text);

        ConversionReport report = await ConvertWholeAsync(_source, _target, extended, new() { Compression = CompressionFormat.Zstd });

        string after = System.Text.Encoding.UTF8.GetString(await TestContent.ReadAsync(_target, report.Result));
        Assert.Contains("\"x-layer\":[1]", after, StringComparison.Ordinal);
        Assert.Contains("\"x-top\":{\"a\":null}", after, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConvertAsync_ReadsSharedLayersOnce()
    {
        WrittenLayer shared = await AddLayerAsync(_source, "shared");
        Descriptor index = await AddIndexAsync(
            _source,
            [
                await AddImageAsync(_source, [shared, await AddLayerAsync(_source, "a")]),
                await AddImageAsync(_source, [shared, await AddLayerAsync(_source, "b"), shared], "arm64"),
            ]);
        var source = new RecordingSource(_source);

        ConversionReport report = await ConvertWholeAsync(source, _target, index, new() { Compression = CompressionFormat.Zstd });

        Assert.Equal(3, report.Layers.Count);
        Assert.Single(source.Opened, shared.Descriptor.Digest);
        Assert.All(source.Opened.CountBy(digest => digest), opened => Assert.Equal(1, opened.Value));
    }

    [Theory]
    [InlineData(CompressionFormat.Gzip, 1)]
    [InlineData(CompressionFormat.Gzip, 9)]
    [InlineData(CompressionFormat.Zstd, 1)]
    [InlineData(CompressionFormat.Zstd, 19)]
    public async Task ConvertAsync_GivesTheSameBytesForTheSameLevel(CompressionFormat format, int level)
    {
        Descriptor image = await AddImageAsync(_source, "one", CompressionFormat.None);
        var options = new ConversionOptions { Compression = format, CompressionLevel = level };

        ConversionReport first = await ConvertWholeAsync(_source, _target, image, options);
        ConversionReport second = await ConvertWholeAsync(_source, new MemoryStore(), image, options);

        Assert.Equal(first.Result, second.Result);
        ImageManifest after = await ReadManifestAsync(_target, first.Result);
        byte[] layer = await TestContent.ReadAsync(_target, after.Layers[0]);
        Assert.Equal(format, LayerCompression.Detect(layer));
        if (format == CompressionFormat.Gzip)
        {
            Assert.Equal(0, BitConverter.ToInt32(layer, 4)); // no time in the header
        }
    }

    [Fact]
    public async Task ConvertAsync_CompressesAgainOnlyWhereThatIsForced()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        var options = new ConversionOptions { Compression = CompressionFormat.Gzip, CompressionLevel = 1 };

        ConversionReport kept = await ConvertWholeAsync(_source, _target, image, options);
        options.ForceCompression = true;
        ConversionReport forced = await ConvertWholeAsync(_source, _target, image, options);
        ConversionReport again = await ConvertWholeAsync(_target, _target, forced.Result, options);

        Assert.False(kept.IsChanged);
        Assert.True(forced.IsChanged);
        Assert.False(again.IsChanged);
    }

    [Fact]
    public async Task ConvertAsync_WithAPlatformGivesThatManifest()
    {
        Descriptor amd = await AddImageAsync(_source, "one");
        Descriptor arm = await AddImageAsync(_source, "two", architecture: "arm64");
        Descriptor index = await AddIndexAsync(_source, [amd, arm]);
        var options = new ConversionOptions { Compression = CompressionFormat.Zstd };
        options.Copy.Platforms = [Platform.Parse("linux/arm64")];

        ConversionReport report = await ConvertWholeAsync(_source, _target, index, options);

        Assert.Equal(arm.Digest, report.Source.Digest);
        Assert.Equal(MediaTypes.ImageManifest, report.Result.MediaType);
    }

    [Fact]
    public async Task ConvertAsync_WithSeveralPlatformsGivesANewIndex()
    {
        Descriptor amd = await AddImageAsync(_source, "one");
        Descriptor arm = await AddImageAsync(_source, "two", architecture: "arm64");
        Descriptor s390 = await AddImageAsync(_source, "three", architecture: "s390x");
        Descriptor index = await AddIndexAsync(_source, [amd, arm, s390]);
        var options = new ConversionOptions { Format = ImageFormat.Docker };
        options.Copy.Platforms = [Platform.Parse("linux/arm64"), Platform.Parse("linux/amd64")];

        ConversionReport report = await ConvertWholeAsync(_source, _target, index, options);

        ImageIndex after = await ReadIndexAsync(_target, report.Result);
        Assert.Equal(MediaTypes.DockerManifestList, report.Result.MediaType);
        Assert.Equal([amd.Platform, arm.Platform], after.Manifests.Select(entry => entry.Platform));
    }

    // The statement speaks of the old digest and stays as it is; the index says what it stands beside.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ConvertAsync_KeepsAttestationsBesideTheirImages(bool hasSubject)
    {
        Descriptor image = await AddImageAsync(_source, "one");
        Descriptor attestation = await AddAttestationAsync(_source, image, hasSubject);
        Descriptor index = await AddIndexAsync(_source, [image, attestation]);

        ConversionReport report = await ConvertAsync(_source, _target, index, new() { Compression = CompressionFormat.Zstd });

        ImageIndex after = await ReadIndexAsync(_target, report.Result);
        Assert.Equal(after.Manifests[0].Digest.ToString(), after.Manifests[1].Annotations[AttestedDigest]);
        Assert.Equal("attestation-manifest", after.Manifests[1].Annotations["vnd.docker.reference.type"]);
        Assert.Equal(attestation.Platform, after.Manifests[1].Platform);
        ImageManifest carried = await ReadManifestAsync(_target, after.Manifests[1]);
        Assert.Equal((await ReadManifestAsync(_source, attestation)).Layers, carried.Layers);
        Assert.Equal(hasSubject ? after.Manifests[0].Digest : null, carried.Subject?.Digest);
        Assert.Equal(hasSubject, after.Manifests[1].Digest != attestation.Digest);
    }

    [Fact]
    public async Task ConvertAsync_CarriesArtifactsAsTheyAre()
    {
        Descriptor artifact = await PushAsync(_source, OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = MediaTypes.ImageManifest,
            ArtifactType = "application/example",
            Config = await TestImage.PushAsync(_source, MediaTypes.Empty, "{}"),
            Layers = [(await AddLayerAsync(_source, "a directory, as oras packs it")).Descriptor], // without a DiffID
        }));
        Descriptor blob = await TestImage.PushAsync(_source, "text/plain", "not even a manifest");
        Descriptor image = await AddImageAsync(_source, "one");
        Descriptor index = await AddIndexAsync(_source, [artifact, blob, image]);

        ConversionReport report = await ConvertWholeAsync(_source, _target, index, new() { Compression = CompressionFormat.Zstd });

        ImageIndex after = await ReadIndexAsync(_target, report.Result);
        Assert.Equal([artifact, blob], after.Manifests.Take(2));
    }

    [Fact]
    public async Task ConvertAsync_LeavesLayersThatAreNotToBeTouched()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        WrittenLayer hidden = await AddLayerAsync(_source, "two");
        WrittenLayer foreign = new(
            new Descriptor
            {
                MediaType = MediaTypes.NonDistributableLayerGzip,
                Digest = Digest.Compute("elsewhere"u8),
                Size = 9,
                Urls = ["https://example.com/layer"],
            },
            Digest.Compute("its archive"u8),
            11);
        Descriptor image = await AddImageAsync(
            _source,
            [foreign, layer, hidden with { Descriptor = hidden.Descriptor with { MediaType = MediaTypes.LayerGzip + "+encrypted" } }]);

        ConversionReport report = await ConvertAsync(_source, _target, image, new() { Compression = CompressionFormat.Zstd });

        ImageManifest before = await ReadManifestAsync(_source, image);
        ImageManifest after = await ReadManifestAsync(_target, report.Result);
        Assert.Equal(before.Layers[0], after.Layers[0]);
        Assert.Equal(MediaTypes.LayerZstd, after.Layers[1].MediaType);
        Assert.Equal(before.Layers[2], after.Layers[2]);
    }

    [Theory]
    [InlineData("containerd.io/snapshot/stargz/toc.digest")]
    [InlineData("io.containers.estargz.uncompressed-size")]
    [InlineData("io.github.containers.zstd-chunked.manifest-position")]
    [InlineData("io.containers.zstd-chunked.manifest-checksum")]
    public async Task ConvertAsync_RemovesAnnotationsOfTheOldBytes(string key)
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        Descriptor image = await AddImageAsync(_source, [layer with
        {
            Descriptor = layer.Descriptor with
            {
                Annotations = new Dictionary<string, string> { [key] = "x", ["kept"] = "yes" },
                Urls = ["https://example.com/old-bytes"],
            },
        }]);

        ConversionReport report = await ConvertWholeAsync(_source, _target, image, new() { Compression = CompressionFormat.Zstd });
        ConversionReport same = await ConvertWholeAsync(_source, _target, image, new() { Format = ImageFormat.Oci });

        Descriptor after = Assert.Single((await ReadManifestAsync(_target, report.Result)).Layers);
        Assert.Equal(["kept"], after.Annotations.Keys);
        Assert.Empty(after.Urls);
        Assert.False(same.IsChanged);
    }

    [Fact]
    public async Task ConvertAsync_WritesIntoItsOwnSource()
    {
        Descriptor image = await AddImageAsync(_source, "one");

        ConversionReport report = await ConvertWholeAsync(_source, _source, image, new() { Compression = CompressionFormat.Zstd });

        Assert.True(report.IsChanged);
        Assert.True((await ImageChecker.CheckAsync(_source, image, cancellationToken: Token)).IsWhole);
    }

    // Children before parents, the tag last, and a target that wants digests first gets them from a file that has no name.
    [Fact]
    public async Task ConvertAsync_StagesLayersForATargetThatWantsDigestsFirst()
    {
        using var directory = new TemporaryDirectory();
        Descriptor index = await AddIndexAsync(
            _source, [await AddImageAsync(_source, "one"), await AddImageAsync(_source, "two", architecture: "arm64")]);
        string[] seen = [];
        var target = new RecordingStore
        {
            OnPush = (_, _) =>
            {
                seen = [.. seen, .. Directory.GetFiles(directory.Path)];
                return Task.CompletedTask;
            },
        };
        var options = new ConversionOptions { Compression = CompressionFormat.Zstd, StagingDirectory = directory.Path };
        options.Copy.MaxConcurrency = 1; // so that no other file has its name still

        ConversionReport report = await ConvertWholeAsync(_source, target, index, options);

        Assert.Empty(target.Faults);
        Assert.Equal($"tag v1 {report.Result.Digest}", target.Calls.Last(call => !call.StartsWith("resolve", StringComparison.Ordinal)));
        Assert.Empty(OperatingSystem.IsWindows() ? [] : seen);
        Assert.Empty(Directory.GetFiles(directory.Path));
    }

    [Fact]
    public async Task ConvertAsync_AsksTheVerifierBeforeAnythingIsWritten()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        var options = new ConversionOptions { Compression = CompressionFormat.Zstd };
        options.Copy.Verifier = new Refusing();
        var target = new RecordingStore();

        await Assert.ThrowsAsync<ContentNotFoundException>(() => ConvertAsync(_source, target, image, options));

        Assert.Empty(target.Calls);
    }

    [Fact]
    public async Task ConvertAsync_ReportsProgressOfEachLayer()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        var options = new ConversionOptions { Compression = CompressionFormat.Zstd };
        var progress = new ListProgress();
        options.Copy.Progress = progress;

        ConversionReport report = await ConvertWholeAsync(_source, _target, image, options);

        Assert.Contains(
            progress.Reports, told => told.Descriptor.Digest == report.Layers[0].Source.Digest && told.State == ContentProgressState.Completed);
    }

    public static TheoryData<ConversionOptions> Contradictions =>
    [
        new ConversionOptions { Copy = { Sparse = true }, Compression = CompressionFormat.Gzip },
        new ConversionOptions { CompressionLevel = 3 },
        new ConversionOptions { ForceCompression = true },
        new ConversionOptions { Compression = CompressionFormat.None, CompressionLevel = 1 },
        new ConversionOptions { Compression = CompressionFormat.Gzip, CompressionLevel = 10 },
        new ConversionOptions { Compression = CompressionFormat.Zstd, CompressionLevel = 20 },
        new ConversionOptions { Compression = CompressionFormat.Zstd, Format = ImageFormat.Docker },
    ];

    [Theory]
    [MemberData(nameof(Contradictions), DisableDiscoveryEnumeration = true)]
    public async Task ConvertAsync_RefusesOptionsThatContradictEachOther(ConversionOptions options)
    {
        Descriptor image = await AddImageAsync(_source, "one");

        await Assert.ThrowsAnyAsync<ArgumentException>(() => ConvertAsync(_source, _target, image, options));
    }

    [Fact]
    public async Task ConvertAsync_RefusesCompressionsThatCanOnlyBeRead()
    {
        Descriptor image = await AddImageAsync(_source, "one");

        await Assert.ThrowsAsync<NotSupportedException>(
            () => ConvertAsync(_source, _target, image, new() { Compression = CompressionFormat.Xz }));
    }

    private sealed class Refusing : IImageVerifier
    {
        public ValueTask VerifyAsync(Descriptor root, IContentFetcher source, CancellationToken cancellationToken = default) =>
            throw new ContentNotFoundException("no signature");
    }
}
