using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Interop.Tests.Registry;

/// <summary>Makes images and artifacts that other programs take for whole.</summary>
internal static class SampleImages
{
    /// <summary>The type of the artifact that refers to an image.</summary>
    public const string ArtifactType = "application/vnd.test.sbom.v1";

    /// <summary>The name of the artifact's file.</summary>
    public const string ArtifactFile = "sbom.txt";

    /// <summary>Makes an image with one layer.</summary>
    public static async Task<Descriptor> AddImageAsync(
        IContentStore store, string architecture, CompressionFormat format = CompressionFormat.Gzip)
    {
        string mediaType = format == CompressionFormat.Zstd ? MediaTypes.LayerZstd : MediaTypes.LayerGzip;
        WrittenLayer layer = await TestImage.AddLayerAsync(store, "etc/name", $"for {architecture}\n", mediaType, format);
        Descriptor config = await AddConfigAsync(store, architecture, layer.DiffId);
        Descriptor manifest = await TestContent.PushManifestAsync(store, config, [layer.Descriptor]);

        return manifest with { Platform = new Platform { Os = "linux", Architecture = architecture } };
    }

    /// <summary>Makes an image whose layer is named by a sha512 digest.</summary>
    public static async Task<Descriptor> AddSha512ImageAsync(IContentStore store)
    {
        byte[] archive = await TestImage.ArchiveAsync("etc/name", "sha512\n"u8.ToArray());
        var layer = Descriptor.Create(MediaTypes.Layer, archive, Digest.Sha512);
        await store.PushAsync(layer, ReplayableContent.FromBytes(archive), TestContext.Current.CancellationToken);
        Descriptor config = await AddConfigAsync(store, "amd64", Digest.Compute(archive));

        return await TestContent.PushManifestAsync(store, config, [layer]);
    }

    /// <summary>Makes an index of two platforms.</summary>
    public static async Task<Descriptor> AddIndexAsync(IContentStore store) => await TestContent.PushIndexAsync(
        store, [await AddImageAsync(store, "amd64"), await AddImageAsync(store, "arm64")]);

    /// <summary>Makes an artifact of one file that refers to an image.</summary>
    public static async Task<Descriptor> AddArtifactAsync(IContentStore store, Descriptor subject, string content = "all of it\n")
    {
        Descriptor config = await TestImage.PushAsync(store, MediaTypes.Empty, "{}");
        Descriptor file = await TestImage.PushAsync(store, "text/plain", content);
        return await TestContent.PushManifestAsync(
            store,
            config,
            [file with { Annotations = new Dictionary<string, string> { [AnnotationKeys.Title] = ArtifactFile } }],
            manifest => manifest with
            {
                ArtifactType = ArtifactType,
                Subject = subject.ToContentDescriptor(),
                Annotations = new Dictionary<string, string> { [AnnotationKeys.Created] = "2024-01-02T03:04:05Z", ["test.kind"] = "sbom" },
            });
    }

    private static async Task<Descriptor> AddConfigAsync(IContentStore store, string architecture, Digest diffId)
    {
        var config = new ImageConfig
        {
            Architecture = architecture,
            Os = "linux",
            Created = new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero),
            RootFs = new RootFs { DiffIds = [diffId] },
            History = [new HistoryEntry { CreatedBy = "test" }],
        };
        OciDocument<ImageConfig> document = OciDocument<ImageConfig>.Create(config);
        await store.PushAsync(document.Descriptor, ReplayableContent.FromBytes(document.Bytes), TestContext.Current.CancellationToken);

        return document.Descriptor;
    }
}
