using OciImage.Compression;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.Tests.Content;
using static OciImage.Tests.Images.Conversion.SampleGraph;

namespace OciImage.Tests.Images.Conversion;

/// <summary>The same layer is neither fetched nor compressed twice, and forgetting costs time only.</summary>
public sealed class LayerReuseTests : IDisposable
{
    private static readonly ConversionOptions ToZstd = new() { Compression = CompressionFormat.Zstd };

    private readonly TemporaryDirectory _directory = new();
    private readonly MemoryStore _source = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task ConvertAsync_ReadsNoLayerOfASecondTime()
    {
        WrittenLayer shared = await AddLayerAsync(_source, "shared");
        Descriptor first = await AddImageAsync(_source, [shared]);
        WrittenLayer more = await AddLayerAsync(_source, "more");
        Descriptor second = await AddImageAsync(_source, [shared, more]);
        OciLayout target = await OpenAsync();
        await ConvertWholeAsync(_source, target, first, ToZstd);
        var source = new RecordingSource(_source);

        ConversionReport report = await ConvertWholeAsync(source, await OpenAsync(), second, ToZstd);

        Assert.Equal([LayerOutcome.Reused, LayerOutcome.Converted], report.Layers.Select(layer => layer.Outcome));
        Assert.DoesNotContain(shared.Descriptor.Digest, source.Opened);
        Assert.Contains(more.Descriptor.Digest, source.Opened);
    }

    [Fact]
    public async Task ConvertAsync_GivesTheSameWithAndWithoutKnowledge()
    {
        Descriptor image = await AddImageAsync(_source, [await AddLayerAsync(_source, "a"), await AddLayerAsync(_source, "b")]);
        OciLayout target = await OpenAsync();
        ConversionReport first = await ConvertWholeAsync(_source, target, image, ToZstd);
        ConversionReport reused = await ConvertWholeAsync(_source, target, image, ToZstd);
        foreach (string file in KnowledgeFiles())
        {
            File.Delete(file);
        }

        ConversionReport forgotten = await ConvertWholeAsync(_source, await OpenAsync(), image, ToZstd);

        Assert.Equal(first.Result, reused.Result);
        Assert.Equal(first.Result, forgotten.Result);
        Assert.All(forgotten.Layers, layer => Assert.Equal(LayerOutcome.Converted, layer.Outcome));
    }

    // Until the tag is set nothing names the layers, and a collection without grace would take them.
    [Fact]
    public async Task ConvertAsync_HoldsTheTarget()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        OciLayout target = await OpenAsync();
        var collector = new CollectingKnowledge(target);

        ConversionReport report = await ImageConverter.ConvertAsync(
            _source, target, image, "v1", new() { Compression = CompressionFormat.Zstd, Knowledge = collector }, Token);

        Assert.True(report.IsChanged);
        Assert.NotEmpty(collector.Reports);
        Assert.All(collector.Reports, collected => Assert.Equal((1, 0), (collected.Holds, collected.Removed.Count)));
        Assert.Equal(0, (await target.CollectAsync(cancellationToken: Token)).Holds);
    }

    // What another level made of the same archive is not what was asked for.
    [Fact]
    public async Task ConvertAsync_ReusesNoOtherLevel()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        OciLayout target = await OpenAsync();
        await ConvertWholeAsync(_source, target, image, ToZstd);

        ConversionReport other = await ConvertWholeAsync(
            _source, target, image, new() { Compression = CompressionFormat.Zstd, CompressionLevel = 1 });

        Assert.Equal(LayerOutcome.ConvertedAtTarget, Assert.Single(other.Layers).Outcome);
    }

    [Fact]
    public async Task ConvertAsync_MakesAnotherFormOfWhatTheTargetHas()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        Descriptor image = await AddImageAsync(_source, [layer]);
        OciLayout target = await OpenAsync();
        ConversionReport zstd = await ConvertWholeAsync(_source, target, image, ToZstd);
        var source = new RecordingSource(_source);

        ConversionReport plain = await ConvertWholeAsync(source, target, image, new() { Compression = CompressionFormat.None });

        Assert.False(await target.ExistsAsync(layer.Descriptor, Token));
        Assert.True(await target.ExistsAsync(zstd.Layers[0].Result, Token));
        Assert.Equal(LayerOutcome.ConvertedAtTarget, Assert.Single(plain.Layers).Outcome);
        Assert.DoesNotContain(layer.Descriptor.Digest, source.Opened);
    }

    [Fact]
    public async Task ConvertAsync_DoesNotFetchWhatAnEarlierCopyBrought()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        Descriptor image = await AddImageAsync(_source, [layer]);
        OciLayout target = await OpenAsync();
        await ContentCopy.CopyGraphAsync(_source, target, image, "plain", cancellationToken: Token);
        var source = new RecordingSource(_source);

        await ConvertWholeAsync(source, target, image, ToZstd);

        Assert.DoesNotContain(layer.Descriptor.Digest, source.Opened);
    }

    [Fact]
    public async Task ConvertAsync_FetchesAgainWhatTheTargetHasDamaged()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        Descriptor image = await AddImageAsync(_source, [layer]);
        OciLayout target = await OpenAsync();
        await ContentCopy.CopyAsync(_source, target, layer.Descriptor, cancellationToken: Token);
        string blob = Path.Combine(target.DirectoryPath, "blobs", "sha256", layer.Descriptor.Digest.Encoded);
        byte[] bytes = await File.ReadAllBytesAsync(blob, Token);
        bytes[20] ^= 1;
        await File.WriteAllBytesAsync(blob, bytes, Token);

        ConversionReport report = await ConvertWholeAsync(new RecordingSource(_source), target, image, ToZstd);

        Assert.Equal(LayerOutcome.Converted, Assert.Single(report.Layers).Outcome);
        Assert.Single(report.Notes);
    }

    // A layer that was collected meanwhile is made again.
    [Fact]
    public async Task ConvertAsync_MakesAgainWhatIsGone()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        OciLayout target = await OpenAsync();
        ConversionReport first = await ConvertWholeAsync(_source, target, image, ToZstd);
        await target.DeleteAsync(first.Layers[0].Result, Token);

        ConversionReport second = await ConvertWholeAsync(_source, target, image, ToZstd);

        Assert.Equal(LayerOutcome.Converted, Assert.Single(second.Layers).Outcome);
        Assert.Equal(first.Result, second.Result);
    }

    [Fact]
    public async Task CheckAsync_RemembersWhatItRead()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        Descriptor image = await AddImageAsync(_source, [layer]);
        OciLayout target = await OpenAsync();
        await ContentCopy.CopyGraphAsync(_source, target, image, "v1", cancellationToken: Token);

        await ImageChecker.CheckAsync(target, image, cancellationToken: Token);

        KnownLayer known = Assert.Single(await target.FindLayersAsync(layer.DiffId, Token));
        Assert.Equal(new KnownLayer(layer.DiffId, layer.Descriptor.Digest, layer.Descriptor.Size), known);
    }

    // A registry keeps no such knowledge; a file of the user's does.
    [Fact]
    public async Task ConvertAsync_IntoARegistryRemembersInAFileWhereThatIsAsked()
    {
        WrittenLayer layer = await AddLayerAsync(_source, "one");
        Descriptor image = await AddImageAsync(_source, [layer]);
        var target = new RecordingStore();
        var options = new ConversionOptions
        {
            Compression = CompressionFormat.Zstd,
            Knowledge = new LayerKnowledgeFile(_directory.Combine("cache", "layers")),
        };
        await ConvertWholeAsync(_source, target, image, options);
        var source = new RecordingSource(_source);
        options.Knowledge = new LayerKnowledgeFile(_directory.Combine("cache", "layers"));

        ConversionReport second = await ConvertWholeAsync(source, target, image, options);
        ConversionReport elsewhere = await ConvertWholeAsync(_source, new RecordingStore(), image, options);

        Assert.Equal(LayerOutcome.Reused, Assert.Single(second.Layers).Outcome);
        Assert.DoesNotContain(layer.Descriptor.Digest, source.Opened);
        Assert.Equal(LayerOutcome.Converted, Assert.Single(elsewhere.Layers).Outcome);
    }

    private async Task<OciLayout> OpenAsync() => await OciLayout.OpenOrCreateAsync(
        _directory.Combine("target"), new OciLayoutOptions { Durability = Durability.None }, Token);

    private string[] KnowledgeFiles() => Directory.GetFiles(_directory.Combine("target", ".ociimage"), "layers*");

    /// <summary>Collects a layout each time that a layer has come there.</summary>
    private sealed class CollectingKnowledge(OciLayout layout) : ILayerKnowledge
    {
        private readonly List<CollectionReport> _reports = [];

        public IReadOnlyList<CollectionReport> Reports => _reports;

        public ValueTask<IReadOnlyList<KnownLayer>> FindLayersAsync(
            Digest diffId, CancellationToken cancellationToken = default) => new([]);

        public async ValueTask RememberLayerAsync(KnownLayer layer, CancellationToken cancellationToken = default) => _reports.Add(
            await layout.CollectAsync(new CollectionOptions { GracePeriod = TimeSpan.Zero }, cancellationToken));
    }
}
