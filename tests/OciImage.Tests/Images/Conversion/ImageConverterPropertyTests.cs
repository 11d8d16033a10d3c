using CsCheck;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.TestKit;
using static OciImage.Tests.Images.Conversion.SampleGraph;

namespace OciImage.Tests.Images.Conversion;

/// <summary>What holds of every graph: shapes, configurations and DiffIDs stay, and a way there and back gives what was.</summary>
public sealed class ImageConverterPropertyTests
{
    private static readonly CompressionFormat[] Formats = [CompressionFormat.None, CompressionFormat.Gzip, CompressionFormat.Zstd];

    // Each list of numbers is a manifest or an index; a number picks a layer, or what was made before.
    private static readonly Gen<(int[][] Images, int[][] Indexes, int[] Ways)> Graphs = Gen.Select(
        Gen.Int[0, 50].Array[0, 4].Array[1, 4],
        Gen.Int[0, 50].Array[1, 4].Array[0, 4],
        Gen.Int[0, 2].Array[1, 3]);

    [Fact]
    public async Task ConvertAsync_KeepsShapesConfigurationsAndDiffIds() => await Graphs.SampleAsync(
        async graph =>
        {
            var source = new MemoryStore();
            Descriptor root = await BuildAsync(source, graph.Images, graph.Indexes);
            string[] before = await OutlineAsync(source, root);
            Descriptor found = root;
            var store = source;
            foreach (int way in graph.Ways)
            {
                var next = new MemoryStore();
                ConversionReport report = await ImageConverter.ConvertAsync(
                    store, next, found, "v1", new ConversionOptions { Compression = Formats[way] });
                ConversionReport again = await ImageConverter.ConvertAsync(
                    next, new MemoryStore(), report.Result, "v1", new ConversionOptions { Compression = Formats[way] });
                Assert.False(again.IsChanged);
                (store, found) = (next, report.Result);
            }

            Assert.Equal(before, await OutlineAsync(store, found));
            ConversionReport first = await ImageConverter.ConvertAsync(
                source, new MemoryStore(), root, null, new ConversionOptions { Compression = CompressionFormat.Zstd });
            ConversionReport last = await ImageConverter.ConvertAsync(
                store, new MemoryStore(), found, null, new ConversionOptions { Compression = CompressionFormat.Zstd });
            Assert.Equal(first.Result, last.Result); // whatever lies between
        },
        iter: 60);

    [Fact]
    public async Task ConvertAsync_ToOciAndToOciAgainIsTheSame() => await Graphs.SampleAsync(
        async graph =>
        {
            var source = new MemoryStore();
            Descriptor root = await BuildAsync(source, graph.Images, graph.Indexes, docker: true);
            var target = new MemoryStore();
            var options = new ConversionOptions { Format = ImageFormat.Oci };

            ConversionReport report = await ImageConverter.ConvertAsync(source, target, root, "v1", options);
            ConversionReport again = await ImageConverter.ConvertAsync(target, new MemoryStore(), report.Result, "v1", options);

            Assert.Equal(report.Result, again.Result);
            Assert.Equal(
                (await OutlineAsync(source, root)).Select(line => line.Replace("docker", "", StringComparison.Ordinal)),
                await OutlineAsync(target, report.Result));
            Assert.True((await ImageChecker.CheckAsync(target, report.Result)).IsWhole);
        },
        iter: 60);

    private static async Task<Descriptor> BuildAsync(MemoryStore store, int[][] images, int[][] indexes, bool docker = false)
    {
        var layers = new List<WrittenLayer>();
        for (int i = 0; i < 9; i++)
        {
            // Neighbours are the same archive in several forms.
            layers.Add(await AddLayerAsync(store, $"layer {i / 3}", docker ? Formats[i % 2] : Formats[i % 3], docker));
        }

        var nodes = new List<Descriptor>();
        foreach (int[] picks in images)
        {
            nodes.Add(await AddImageAsync(store, [.. picks.Select(pick => layers[pick % layers.Count])], docker: docker));
        }

        if (!docker)
        {
            nodes.Add(await PushAsync(store, OciDocument<ImageManifest>.Create(new ImageManifest
            {
                MediaType = MediaTypes.ImageManifest,
                ArtifactType = "application/example",
                Config = await TestImage.PushAsync(store, MediaTypes.Empty, "{}"),
                Layers = [layers[0].Descriptor],
            })));
        }

        foreach (int[] picks in indexes)
        {
            nodes.Add(await AddIndexAsync(store, [.. picks.Select(pick => nodes[pick % nodes.Count])], docker));
        }

        return nodes[^1].ToContentDescriptor();
    }

    // The graph as a tree, with what a conversion must not change.
    private static async Task<string[]> OutlineAsync(IContentFetcher store, Descriptor node, string indent = "")
    {
        if (MediaTypes.IsIndex(node.MediaType))
        {
            var lines = new List<string> { indent + "index" };
            foreach (Descriptor child in (await ReadIndexAsync(store, node)).Manifests)
            {
                lines.AddRange(await OutlineAsync(store, child, indent + " "));
            }

            return [.. lines];
        }

        ImageManifest manifest = await ReadManifestAsync(store, node);
        return [$"{indent}{manifest.Config.Digest} {manifest.Layers.Count} {manifest.ArtifactType} {node.Platform}"];
    }
}
