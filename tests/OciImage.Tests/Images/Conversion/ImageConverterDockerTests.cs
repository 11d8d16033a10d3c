using OciImage.Compression;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.TestKit;
using OciImage.Tests.Content;
using static OciImage.Tests.Images.Conversion.SampleGraph;

namespace OciImage.Tests.Images.Conversion;

/// <summary>What becomes Docker's, what becomes OCI's again, and what Docker's format cannot say.</summary>
public sealed class ImageConverterDockerTests
{
    private static readonly ConversionOptions ToDocker = new() { Format = ImageFormat.Docker };
    private static readonly ConversionOptions ToDockerWithLoss = new() { Format = ImageFormat.Docker, AllowLoss = true };

    private readonly MemoryStore _source = new();
    private readonly MemoryStore _target = new();

    [Theory]
    [InlineData(CompressionFormat.Gzip, MediaTypes.DockerLayerGzip)]
    [InlineData(CompressionFormat.None, MediaTypes.DockerLayer)]
    public async Task ConvertAsync_ToDockerChangesMediaTypesAlone(CompressionFormat format, string layerType)
    {
        Descriptor image = await AddImageAsync(_source, "one", format);

        ConversionReport report = await ConvertWholeAsync(_source, _target, image, ToDocker);

        ImageManifest before = await ReadManifestAsync(_source, image);
        ImageManifest after = await ReadManifestAsync(_target, report.Result);
        Assert.Equal(MediaTypes.DockerManifest, report.Result.MediaType);
        Assert.Equal(MediaTypes.DockerManifest, after.MediaType);
        Assert.Equal(before.Config with { MediaType = MediaTypes.DockerConfig }, after.Config);
        Assert.Equal(before.Layers[0] with { MediaType = layerType }, Assert.Single(after.Layers));
        Assert.Equal(LayerOutcome.Kept, Assert.Single(report.Layers).Outcome);
    }

    [Fact]
    public async Task ConvertAsync_ToDockerAndBackGivesTheSameImage()
    {
        Descriptor index = await AddIndexAsync(
            _source, [await AddImageAsync(_source, "one"), await AddImageAsync(_source, "two", architecture: "arm64")]);

        ConversionReport docker = await ConvertWholeAsync(_source, _target, index, ToDocker);
        ConversionReport back = await ConvertWholeAsync(_target, new MemoryStore(), docker.Result, new() { Format = ImageFormat.Oci });

        Assert.Equal(MediaTypes.DockerManifestList, docker.Result.MediaType);
        Assert.Equal(index.Digest, back.Result.Digest);
    }

    [Fact]
    public async Task ConvertAsync_TranslatesForeignLayersAndKeepsTheirUrls()
    {
        var foreign = new WrittenLayer(
            new Descriptor
            {
                MediaType = MediaTypes.DockerForeignLayerGzip,
                Digest = Digest.Compute("elsewhere"u8),
                Size = 9,
                Urls = ["https://example.com/layer"],
            },
            Digest.Compute("its archive"u8),
            11);
        Descriptor image = await AddImageAsync(_source, [foreign], docker: true);

        ConversionReport oci = await ConvertAsync(_source, _target, image, new() { Format = ImageFormat.Oci });
        ConversionReport back = await ConvertAsync(_target, new MemoryStore(), oci.Result, ToDocker);

        Descriptor layer = Assert.Single((await ReadManifestAsync(_target, oci.Result)).Layers);
        Assert.Equal(foreign.Descriptor with { MediaType = MediaTypes.NonDistributableLayerGzip }, layer);
        Assert.Equal(image.Digest, back.Result.Digest);
    }

    // Builders have put Docker's layers under OCI's manifests, and the other way round.
    [Fact]
    public async Task ConvertAsync_TranslatesWhatIsMixed()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one", docker: true);
        Descriptor image = await AddImageAsync(_source, [layer]);

        ConversionReport oci = await ConvertWholeAsync(_source, _target, image, new() { Format = ImageFormat.Oci });
        ConversionReport zstd = await ConvertWholeAsync(
            _source, _target, image, new() { Format = ImageFormat.Oci, Compression = CompressionFormat.Zstd });

        Assert.Equal(MediaTypes.LayerGzip, (await ReadManifestAsync(_target, oci.Result)).Layers[0].MediaType);
        Assert.Equal(MediaTypes.LayerZstd, (await ReadManifestAsync(_target, zstd.Result)).Layers[0].MediaType);
    }

    [Fact]
    public async Task ConvertAsync_TakesPlatformsThatTheIndexDoesNotSayFromTheConfigurations()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        Descriptor index = await AddIndexAsync(_source, [image.ToContentDescriptor()]);

        ConversionReport report = await ConvertWholeAsync(_source, _target, index, ToDocker);

        Assert.Equal(image.Platform, Assert.Single((await ReadIndexAsync(_target, report.Result)).Manifests).Platform);
    }

    [Fact]
    public async Task ConvertAsync_RefusesEntriesWithoutAnyPlatform()
    {
        Descriptor image = await AddImageAsync(_source, "one", architecture: "");
        Descriptor index = await AddIndexAsync(_source, [image.ToContentDescriptor()]);

        await AssertRefusedAsync(index, ToDockerWithLoss, canBeLeftOut: false);
    }

    public static TheoryData<string> LostFields => ["annotations", "subject", "artifactType", "layer", "unknown"];

    [Theory]
    [MemberData(nameof(LostFields))]
    public async Task ConvertAsync_LeavesOutWhatDockerCannotSayOnlyWhereThatIsAllowed(string field)
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        var annotations = new Dictionary<string, string> { ["a"] = "b" };
        Descriptor image = await AddImageAsync(
            _source,
            [field == "layer" ? layer with { Descriptor = layer.Descriptor with { Annotations = annotations } } : layer],
            change: manifest => manifest with
            {
                Annotations = field == "annotations" ? annotations : new Dictionary<string, string>(),
                Subject = field == "subject" ? TestContent.Describe("x", MediaTypes.ImageManifest) : null,
                ArtifactType = field == "artifactType" ? "application/example" : null,
            });
        if (field == "unknown")
        {
            string text = System.Text.Encoding.UTF8.GetString(await TestContent.ReadAsync(_source, image));
            image = await TestImage.PushAsync(_source, MediaTypes.ImageManifest, text[..^1] + ",\"x-new\":1}");
        }

        ConversionException error = await AssertRefusedAsync(image, ToDocker, canBeLeftOut: true);
        ConversionReport report = await ConvertWholeAsync(_source, _target, image, ToDockerWithLoss);

        Assert.Equal(image.Digest, error.Content.Digest);
        Assert.Equal(error.Message, Assert.Single(report.Losses).Message);
        string after = System.Text.Encoding.UTF8.GetString(await TestContent.ReadAsync(_target, report.Result));
        Assert.DoesNotContain("annotations", after, StringComparison.Ordinal);
        Assert.DoesNotContain("subject", after, StringComparison.Ordinal);
        Assert.DoesNotContain("artifactType", after, StringComparison.Ordinal);
        Assert.DoesNotContain("x-new", after, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConvertAsync_LeavesOutAttestationsOnlyWhereThatIsAllowed()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        Descriptor attestation = await AddAttestationAsync(_source, image);
        Descriptor index = await AddIndexAsync(_source, [image, attestation]);

        ConversionException error = await AssertRefusedAsync(index, ToDocker, canBeLeftOut: true);
        ConversionReport report = await ConvertWholeAsync(_source, _target, index, ToDockerWithLoss);

        Assert.Contains(attestation.Digest.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Equal(attestation.Digest, Assert.Single(report.Losses).Content.Digest);
        Assert.Equal(image.Platform, Assert.Single((await ReadIndexAsync(_target, report.Result)).Manifests).Platform);
    }

    [Fact]
    public async Task ConvertAsync_RefusesAnArtifactAndAnIndexOfNothingElse()
    {
        Descriptor artifact = await PushAsync(_source, OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = MediaTypes.ImageManifest,
            ArtifactType = "application/example",
            Config = await TestImage.PushAsync(_source, MediaTypes.Empty, "{}"),
        }));
        Descriptor index = await AddIndexAsync(_source, [artifact]);

        await AssertRefusedAsync(artifact, ToDockerWithLoss, canBeLeftOut: false);
        await AssertRefusedAsync(index, ToDockerWithLoss, canBeLeftOut: false);
    }

    [Fact]
    public async Task ConvertAsync_RefusesAnIndexInAnIndex()
    {
        Descriptor inner = await AddIndexAsync(_source, [await AddImageAsync(_source, "one")]);
        Descriptor outer = await AddIndexAsync(_source, [inner]);

        await AssertRefusedAsync(outer, ToDockerWithLoss, canBeLeftOut: false);
    }

    // containers/image and Docker's own tools know no such layers in schema 2.
    [Theory]
    [InlineData(MediaTypes.LayerZstd)]
    [InlineData(MediaTypes.NonDistributableLayerZstd)]
    [InlineData("application/vnd.oci.image.layer.v1.tar+gzip+encrypted")]
    [InlineData("application/vnd.example.layer")]
    public async Task ConvertAsync_RefusesLayersThatDockerDoesNotHave(string mediaType)
    {
        WrittenLayer known = await AddLayerAsync(_source, "known");
        WrittenLayer layer = await AddLayerAsync(_source, "one", CompressionFormat.Zstd);
        Descriptor image = await AddImageAsync(
            _source, [known, layer with { Descriptor = layer.Descriptor with { MediaType = mediaType } }]);

        await AssertRefusedAsync(image, ToDockerWithLoss, canBeLeftOut: false);
    }

    [Fact]
    public async Task ConvertAsync_MakesGzipOfZstdWhereThatIsAsked()
    {
        Descriptor image = await AddImageAsync(_source, "one", CompressionFormat.Zstd);

        ConversionReport report = await ConvertWholeAsync(
            _source, _target, image, new() { Format = ImageFormat.Docker, Compression = CompressionFormat.Gzip });

        Assert.Equal(MediaTypes.DockerLayerGzip, (await ReadManifestAsync(_target, report.Result)).Layers[0].MediaType);
    }

    [Fact]
    public async Task ConvertAsync_RefusesZstdForAnImageThatStaysDockers()
    {
        Descriptor image = await AddImageAsync(_source, "one", docker: true);

        await AssertRefusedAsync(image, new() { Compression = CompressionFormat.Zstd }, canBeLeftOut: false);
    }

    [Fact]
    public async Task ConvertAsync_KeepsDockersTypesWhereNoFormatIsAsked()
    {
        Descriptor image = await AddImageAsync(_source, "one", docker: true);

        ConversionReport report = await ConvertWholeAsync(_source, _target, image, new() { Compression = CompressionFormat.None });

        ImageManifest after = await ReadManifestAsync(_target, report.Result);
        Assert.Equal(MediaTypes.DockerManifest, report.Result.MediaType);
        Assert.Equal(MediaTypes.DockerLayer, after.Layers[0].MediaType);
        Assert.Equal(MediaTypes.DockerConfig, after.Config.MediaType);
    }

    [Fact]
    public async Task ConvertAsync_WritesNothingWhenItRefuses()
    {
        Descriptor index = await AddIndexAsync(
            _source,
            [await AddImageAsync(_source, "one"), await AddImageAsync(_source, "two", CompressionFormat.Zstd, "arm64")]);
        var target = new RecordingStore();

        await Assert.ThrowsAsync<ConversionException>(() => ConvertAsync(_source, target, index, ToDocker));

        Assert.Empty(target.Calls);
    }

    private async Task<ConversionException> AssertRefusedAsync(Descriptor root, ConversionOptions options, bool canBeLeftOut)
    {
        ConversionException error = await Assert.ThrowsAsync<ConversionException>(
            () => ConvertAsync(_source, _target, root, options));
        Assert.Equal(canBeLeftOut, error.CanBeLeftOut);

        return error;
    }
}
