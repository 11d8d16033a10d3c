using System.IO.Compression;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.Tests.Content;
using static OciImage.Tests.Images.Conversion.SampleGraph;

namespace OciImage.Tests.Images.Conversion;

/// <summary>Images that mean harm: nothing is tagged, no document is visible, and no memory or disk is spent on what they claim.</summary>
public sealed class ImageConverterAttackTests : IDisposable
{
    private static readonly ConversionOptions ToZstd = new() { Compression = CompressionFormat.Zstd };

    private readonly TemporaryDirectory _directory = new();
    private readonly MemoryStore _source = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    // D11
    [Fact]
    public async Task ConvertAsync_RefusesAnotherDiffId()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        Descriptor image = await AddImageAsync(_source, [layer with { DiffId = Digest.Compute("other"u8) }]);

        LayerException error = await AssertRefusedAsync<LayerException>(image, ToZstd);

        Assert.Equal(LayerErrorKind.DiffIdMismatch, error.Kind);
        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
    }

    // D12
    [Fact]
    public async Task ConvertAsync_RefusesDiffIdsInAnotherOrder()
    {
        WrittenLayer a = await AddLayerAsync(_source, "a");
        WrittenLayer b = await AddLayerAsync(_source, "b");
        Descriptor image = await AddImageAsync(_source, [a with { DiffId = b.DiffId }, b with { DiffId = a.DiffId }]);

        Assert.Equal(LayerErrorKind.DiffIdMismatch, (await AssertRefusedAsync<LayerException>(image, ToZstd)).Kind);
    }

    // D13
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task ConvertAsync_RefusesAnotherNumberOfDiffIds(int count)
    {
        WrittenLayer layer = await AddLayerAsync(_source, "a");
        var config = OciDocument<ImageConfig>.Create(new ImageConfig
        {
            RootFs = new RootFs { DiffIds = [.. Enumerable.Repeat(layer.DiffId, count)] },
        });
        await PushAsync(_source, config);
        Descriptor image = await TestContent.PushManifestAsync(
            _source, config.Descriptor, [layer.Descriptor, layer.Descriptor]);

        await AssertRefusedAsync<DocumentFormatException>(image, ToZstd);
        await AssertRefusedAsync<DocumentFormatException>(image, new() { Format = ImageFormat.Docker });
    }

    // A digest of an algorithm that nobody here knows can be verified by nobody here.
    [Fact]
    public async Task ConvertAsync_RefusesADiffIdThatCannotBeVerified()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "a");
        Descriptor image = await AddImageAsync(_source, [layer with { DiffId = Digest.Parse("blake3:" + new string('a', 64)) }]);

        Assert.Equal(LayerErrorKind.Unsupported, (await AssertRefusedAsync<LayerException>(image, ToZstd)).Kind);
    }

    // D01
    [Theory]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public async Task ConvertAsync_StopsABombAtTheLimit(CompressionFormat format)
    {
        WrittenLayer bomb = await AddZerosAsync(8 * 1024 * 1024, format);
        Descriptor image = await AddImageAsync(_source, [bomb]);
        var options = new ConversionOptions
        {
            Compression = CompressionFormat.None,
            Decompression = new DecompressionOptions { MaxSize = 1024 * 1024 },
        };

        LayerException error = await AssertRefusedAsync<LayerException>(image, options);

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
        Assert.InRange(LargestFile(), 0, 2 * 1024 * 1024);
    }

    [Fact]
    public async Task ConvertAsync_StopsABombAtTheRatio()
    {
        WrittenLayer bomb = await AddZerosAsync(80 * 1024 * 1024, CompressionFormat.Zstd);
        Descriptor image = await AddImageAsync(_source, [bomb]);

        LayerException error = await AssertRefusedAsync<LayerException>(image, new() { Compression = CompressionFormat.Gzip });

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    // D02
    [Fact]
    public async Task ConvertAsync_RefusesAWindowAboveTheLimit()
    {
        // A frame that asks for 2 GiB, and one raw block of nothing.
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 21 << 3, 0x01, 0x00, 0x00];
        Descriptor image = await AddImageAsync(_source, [Layer(await AddBlobAsync(frame, MediaTypes.LayerZstd), "")]);

        LayerException error = await AssertRefusedAsync<LayerException>(image, new() { Compression = CompressionFormat.Gzip });

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    // D08
    [Fact]
    public async Task ConvertAsync_RefusesADamagedLayer()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "a");
        byte[] bytes = await TestContent.ReadAsync(_source, layer.Descriptor);
        bytes[^6] ^= 1; // in the checksum
        Descriptor image = await AddImageAsync(
            _source, [layer with { Descriptor = await AddBlobAsync(bytes, MediaTypes.LayerGzip) }]);

        Assert.Equal(LayerErrorKind.Malformed, (await AssertRefusedAsync<LayerException>(image, ToZstd)).Kind);
    }

    [Fact]
    public async Task ConvertAsync_NamesTheSourceThatGivesOtherBytes()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "a");
        Descriptor image = await AddImageAsync(_source, [layer]);
        var source = new RecordingSource(_source)
        {
            Change = (descriptor, stream) => descriptor.Digest == layer.Descriptor.Digest
                ? new FlippedStream(stream)
                : stream,
        };
        OciLayout target = await CreateTargetAsync();

        var error = await Assert.ThrowsAsync<ContentVerificationException>(() => ConvertAsync(source, target, image, ToZstd));

        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
        await AssertNothingVisibleAsync(target);
    }

    // D09
    [Theory]
    [InlineData(CompressionFormat.Zstd)]
    [InlineData(CompressionFormat.None)]
    public async Task ConvertAsync_ReadsWhatTheBytesAreAndSaysSo(CompressionFormat actual)
    {
        WrittenLayer layer = await AddLayerAsync(_source, "a", actual);
        Descriptor image = await AddImageAsync(
            _source, [layer with { Descriptor = layer.Descriptor with { MediaType = MediaTypes.LayerGzip } }]);

        ConversionReport report = await ConvertWholeAsync(_source, new MemoryStore(), image, ToZstd);

        Assert.Contains(actual.ToString(), Assert.Single(report.Notes), StringComparison.Ordinal);
    }

    // D06, D10: what follows the content is no part of the archive, and is gone afterwards.
    [Fact]
    public async Task ConvertAsync_DropsBytesAfterTheContentAndSaysSo()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "a");
        byte[] bytes = [.. await TestContent.ReadAsync(_source, layer.Descriptor), .. new byte[100]];
        Descriptor image = await AddImageAsync(
            _source, [layer with { Descriptor = await AddBlobAsync(bytes, MediaTypes.LayerGzip) }]);

        ConversionReport report = await ConvertWholeAsync(_source, new MemoryStore(), image, ToZstd);

        Assert.Single(report.Notes);
    }

    [Fact]
    public async Task ConvertAsync_RefusesGarbageAfterAZstdFrame()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "a", CompressionFormat.Zstd);
        byte[] bytes = [.. await TestContent.ReadAsync(_source, layer.Descriptor), .. "garbage, and no frame"u8];
        Descriptor image = await AddImageAsync(
            _source, [layer with { Descriptor = await AddBlobAsync(bytes, MediaTypes.LayerZstd) }]);

        await AssertRefusedAsync<LayerException>(image, new() { Compression = CompressionFormat.Gzip });
    }

    [Fact]
    public async Task ConvertAsync_ReadsDocumentsWithinTheirLimits()
    {
        Descriptor image = await AddImageAsync(_source, "a");
        Descriptor index = await AddIndexAsync(_source, [.. Enumerable.Range(0, 100).Select(i => image with
        {
            Annotations = new Dictionary<string, string> { ["i"] = i.ToString(System.Globalization.CultureInfo.InvariantCulture) },
        })]);
        var options = new ConversionOptions { Compression = CompressionFormat.Zstd };
        options.Copy.MaxNodes = 50;

        await AssertRefusedAsync<DocumentFormatException>(index, options);
        await AssertRefusedAsync<DocumentFormatException>(
            image with { Size = 1L << 40 }, ToZstd); // hostile size: nothing is allocated for it
    }

    [Fact]
    public async Task ConvertAsync_RefusesIndexesThatAreTooDeep()
    {
        Descriptor index = await AddImageAsync(_source, "a");
        for (int i = 0; i < 17; i++)
        {
            index = await AddIndexAsync(_source, [index]);
        }

        await AssertRefusedAsync<DocumentFormatException>(index, ToZstd);
    }

    [Fact]
    public async Task ConvertAsync_RefusesSchema1AndBlobs()
    {
        Descriptor schema1 = await TestImage.PushAsync(_source, MediaTypes.DockerManifestSchema1, "{}");
        Descriptor blob = await TestImage.PushAsync(_source, "text/plain", "hello");
        Descriptor index = await AddIndexAsync(_source, [schema1]);

        await AssertRefusedAsync<DocumentFormatException>(schema1, ToZstd);
        await AssertRefusedAsync<DocumentFormatException>(index, ToZstd);
        await AssertRefusedAsync<DocumentFormatException>(blob, ToZstd);
    }

    [Fact]
    public async Task ConvertAsync_SaysWhatIsMissing()
    {
        Descriptor image = await AddImageAsync(_source, "a");
        Descriptor gone = await AddImageAsync(_source, "b", architecture: "arm64");
        Descriptor index = await AddIndexAsync(_source, [image, gone]);
        await _source.DeleteAsync(gone, Token);

        ContentNotFoundException error = await AssertRefusedAsync<ContentNotFoundException>(index, ToZstd);

        Assert.Equal(gone.Digest, error.Digest);
    }

    // A statement about an image that is a part of itself, or of nothing: nobody waits for it.
    [Fact]
    public async Task ConvertAsync_SurvivesAttestationsOfAnything()
    {
        Descriptor image = await AddImageAsync(_source, "a");
        Descriptor itself = image with { Annotations = new Dictionary<string, string> { [AttestedDigest] = image.Digest.ToString() } };
        Descriptor nothing = image with { Annotations = new Dictionary<string, string> { [AttestedDigest] = "sha256:../../etc" } };
        Descriptor absent = image with
        {
            Annotations = new Dictionary<string, string> { [AttestedDigest] = Digest.Compute("absent"u8).ToString() },
        };
        Descriptor index = await AddIndexAsync(_source, [itself, nothing, absent]);

        ConversionReport report = await ConvertWholeAsync(_source, new MemoryStore(), index, ToZstd);

        Assert.True(report.IsChanged);
    }

    [Fact]
    public async Task ConvertAsync_StopsWhenItIsCancelled()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "a");
        Descriptor image = await AddImageAsync(_source, [layer]);
        using var cancellation = new CancellationTokenSource();
        var source = new RecordingSource(_source)
        {
            OnOpen = (descriptor, _) => descriptor.Digest == layer.Descriptor.Digest ? cancellation.CancelAsync() : Task.CompletedTask,
        };
        OciLayout target = await CreateTargetAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ImageConverter.ConvertAsync(
            source, target, image, "v1", ToZstd, cancellation.Token));

        await AssertNothingVisibleAsync(target);
    }

    private async Task<T> AssertRefusedAsync<T>(Descriptor root, ConversionOptions options)
        where T : Exception
    {
        OciLayout target = await CreateTargetAsync();
        T error = await Assert.ThrowsAsync<T>(() => ConvertAsync(_source, target, root, options));
        await AssertNothingVisibleAsync(target);

        return error;
    }

    private async Task<OciLayout> CreateTargetAsync() => await OciLayout.OpenOrCreateAsync(
        _directory.Combine(Guid.NewGuid().ToString("N")), new OciLayoutOptions { Durability = Durability.None }, Token);

    // Blobs may have landed; a document, a tag or the rest of an unfinished one may not.
    private static async Task AssertNothingVisibleAsync(OciLayout target)
    {
        Assert.Empty((await target.ReadIndexAsync(Token)).Value.Manifests);
        foreach (string blob in Directory.GetFiles(Path.Combine(target.DirectoryPath, "blobs", "sha256")))
        {
            Assert.DoesNotContain("\"layers\":", await File.ReadAllTextAsync(blob, Token), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(
            Directory.GetFiles(Path.Combine(target.DirectoryPath, ".ociimage")), file => file.EndsWith(".ingest", StringComparison.Ordinal));
    }

    private long LargestFile() => new DirectoryInfo(_directory.Path)
        .EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.Length).DefaultIfEmpty().Max();

    private async Task<WrittenLayer> AddZerosAsync(int size, CompressionFormat format)
    {
        byte[] zeros = new byte[size];
        var stored = new MemoryStream();
        await using (Stream compressor = LayerCompression.OpenCompressor(stored, format, leaveOpen: true))
        {
            await compressor.WriteAsync(zeros, Token);
        }

        Descriptor descriptor = await AddBlobAsync(stored.ToArray(), LayerMediaType.Of(format, docker: false));
        return new WrittenLayer(descriptor, Digest.Compute(zeros), size);
    }

    private Task<Descriptor> AddBlobAsync(byte[] bytes, string mediaType) => TestImage.PushAsync(_source, mediaType, bytes);

    private static WrittenLayer Layer(Descriptor descriptor, string archive) =>
        new(descriptor, Digest.Compute(System.Text.Encoding.UTF8.GetBytes(archive)), archive.Length);

    private sealed class FlippedStream(Stream inner) : ForwardStream(inner)
    {
        private bool _flipped;

        public override int Read(Span<byte> buffer) => Flip(buffer, Inner.Read(buffer));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await Inner.ReadAsync(buffer, cancellationToken);
            return Flip(buffer.Span, read);
        }

        private int Flip(Span<byte> buffer, int read)
        {
            if (!_flipped && read > 20)
            {
                _flipped = true;
                buffer[read - 1] ^= 1;
            }

            return read;
        }
    }
}
