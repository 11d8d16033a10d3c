using OciImage.Compression;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Tests.Images.Conversion;

/// <summary>Makes images, artifacts and indexes to convert, and reads what became of them.</summary>
internal static class SampleGraph
{
    public const string AttestedDigest = "vnd.docker.reference.digest";

    public static Task<WrittenLayer> AddLayerAsync(
        IContentStore store, string text, CompressionFormat format = CompressionFormat.Gzip, bool docker = false) =>
        TestImage.AddLayerAsync(
            store, "file", string.Concat(Enumerable.Repeat(text + "\n", 50)), LayerMediaType.Of(format, docker), format);

    public static async Task<Descriptor> AddImageAsync(
        IContentStore store,
        IReadOnlyList<WrittenLayer> layers,
        string architecture = "amd64",
        bool docker = false,
        Func<ImageManifest, ImageManifest>? change = null)
    {
        var config = OciDocument<ImageConfig>.Create(
            new ImageConfig
            {
                Architecture = architecture,
                Os = "linux",
                RootFs = new RootFs { DiffIds = [.. layers.Select(layer => layer.DiffId)] },
            },
            docker ? MediaTypes.DockerConfig : MediaTypes.ImageConfig);
        await PushAsync(store, config);
        var manifest = new ImageManifest
        {
            MediaType = docker ? MediaTypes.DockerManifest : MediaTypes.ImageManifest,
            Config = config.Descriptor,
            Layers = [.. layers.Select(layer => layer.Descriptor)],
        };

        return (await PushAsync(store, OciDocument<ImageManifest>.Create(change?.Invoke(manifest) ?? manifest))) with
        {
            Platform = new Platform { Architecture = architecture, Os = "linux" },
        };
    }

    /// <summary>Adds an image of one layer.</summary>
    public static async Task<Descriptor> AddImageAsync(
        IContentStore store,
        string text,
        CompressionFormat format = CompressionFormat.Gzip,
        string architecture = "amd64",
        bool docker = false,
        Func<ImageManifest, ImageManifest>? change = null) =>
        await AddImageAsync(store, [await AddLayerAsync(store, text, format, docker)], architecture, docker, change);

    /// <summary>Adds an attestation as BuildKit writes it: the configuration of an image, and a statement in a layer's place.</summary>
    public static async Task<Descriptor> AddAttestationAsync(IContentStore store, Descriptor image, bool hasSubject = false)
    {
        Descriptor statement = await TestImage.PushAsync(
            store, "application/vnd.in-toto+json", $$"""{"subject":"{{image.Digest}}"}""");
        Descriptor manifest = await AddImageAsync(
            store,
            [new WrittenLayer(statement, statement.Digest, statement.Size)],
            "unknown",
            change: manifest => manifest with { Subject = hasSubject ? image.ToContentDescriptor() : null });
        return manifest with
        {
            Platform = new Platform { Architecture = "unknown", Os = "unknown" },
            Annotations = new Dictionary<string, string>
            {
                [AttestedDigest] = image.Digest.ToString(),
                ["vnd.docker.reference.type"] = "attestation-manifest",
            },
        };
    }

    public static async Task<Descriptor> AddIndexAsync(
        IContentStore store, IReadOnlyList<Descriptor> entries, bool docker = false, Func<ImageIndex, ImageIndex>? change = null)
    {
        var index = new ImageIndex
        {
            MediaType = docker ? MediaTypes.DockerManifestList : MediaTypes.ImageIndex,
            Manifests = entries,
        };
        return await PushAsync(store, OciDocument<ImageIndex>.Create(change?.Invoke(index) ?? index));
    }

    public static async Task<Descriptor> PushAsync<T>(IContentStore store, OciDocument<T> document)
        where T : class, IOciDocumentModel<T>
    {
        await store.PushAsync(document.Descriptor, ReplayableContent.FromBytes(document.Bytes));
        return document.Descriptor;
    }

    public static async Task<ImageManifest> ReadManifestAsync(IContentFetcher store, Descriptor manifest) =>
        OciDocument<ImageManifest>.Parse(await TestContent.ReadAsync(store, manifest), manifest.MediaType).Value;

    public static async Task<ImageIndex> ReadIndexAsync(IContentFetcher store, Descriptor index) =>
        OciDocument<ImageIndex>.Parse(await TestContent.ReadAsync(store, index), index.MediaType).Value;

    public static async Task<ConversionReport> ConvertAsync(
        IContentFetcher source, IContentStore target, Descriptor root, ConversionOptions options) =>
        await ImageConverter.ConvertAsync(source, target, root, "v1", options, TestContext.Current.CancellationToken);

    /// <summary>Converts, and asserts that all below the result is there and true.</summary>
    public static async Task<ConversionReport> ConvertWholeAsync(
        IContentFetcher source, IImageStore target, Descriptor root, ConversionOptions options)
    {
        ConversionReport report = await ConvertAsync(source, target, root, options);
        CheckReport check = await ImageChecker.CheckAsync(
            target, report.Result, cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(check.IsWhole, string.Join('\n', check.Faults.Select(fault => fault.Error.Message)));
        Assert.Equal(report.Result.Digest, (await target.ResolveAsync("v1")).Digest);

        return report;
    }
}
