using System.Text;
using OciImage.Content;

namespace OciImage.TestKit;

/// <summary>Makes content and descriptors of it.</summary>
public static class TestContent
{
    /// <summary>The media type of content that nobody knows.</summary>
    public const string Unknown = "application/vnd.test.unknown";

    /// <summary>Returns bytes that are the same each time and repeat late.</summary>
    public static byte[] Bytes(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);

        return bytes;
    }

    /// <summary>Returns the bytes of a text.</summary>
    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Describes a text.</summary>
    public static Descriptor Describe(string text, string mediaType = Unknown, string algorithm = Digest.Sha256) =>
        Descriptor.Create(mediaType, Bytes(text), algorithm);

    /// <summary>Opens a text as a stream.</summary>
    public static Stream Open(string text) => new MemoryStream(Bytes(text), writable: false);

    /// <summary>Returns a text as content to push.</summary>
    public static ReplayableContent Of(string text) => ReplayableContent.FromBytes(Bytes(text));

    /// <summary>Reads what a store has of a descriptor.</summary>
    public static async Task<byte[]> ReadAsync(IContentFetcher store, Descriptor descriptor)
    {
        await using ContentStream stream = await store.OpenReadAsync(descriptor);
        return await stream.ReadToEndAsync(int.MaxValue);
    }

    /// <summary>Writes a manifest into a store.</summary>
    public static async Task<Descriptor> PushManifestAsync(
        IContentStore store, Descriptor config, IReadOnlyList<Descriptor> layers, Func<ImageManifest, ImageManifest>? change = null)
    {
        var manifest = new ImageManifest { MediaType = MediaTypes.ImageManifest, Config = config, Layers = layers };
        return await PushAsync(store, OciDocument<ImageManifest>.Create(change?.Invoke(manifest) ?? manifest));
    }

    /// <summary>Writes an index into a store.</summary>
    public static async Task<Descriptor> PushIndexAsync(
        IContentStore store, IReadOnlyList<Descriptor> manifests, Func<ImageIndex, ImageIndex>? change = null)
    {
        var index = new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = manifests };
        return await PushAsync(store, OciDocument<ImageIndex>.Create(change?.Invoke(index) ?? index));
    }

    /// <summary>Writes a manifest with a configuration and layers of its own into a store, and tells its platform.</summary>
    public static async Task<Descriptor> PushImageAsync(IContentStore store, string name, string? architecture = null)
    {
        Descriptor config = await TestImage.PushAsync(store, MediaTypes.ImageConfig, $$"""{"name":"{{name}}"}""");
        Descriptor layer = await TestImage.PushAsync(store, MediaTypes.LayerGzip, $"layer of {name}");
        Descriptor shared = await TestImage.PushAsync(store, MediaTypes.LayerGzip, "layer of all");
        Descriptor manifest = await PushManifestAsync(store, config, [shared, layer]);

        return architecture is null
            ? manifest
            : manifest with { Platform = new Platform { Os = "linux", Architecture = architecture } };
    }

    private static async Task<Descriptor> PushAsync<T>(IContentStore store, OciDocument<T> document)
        where T : class, IOciDocumentModel<T>
    {
        await store.PushAsync(document.Descriptor, ReplayableContent.FromBytes(document.Bytes));
        return document.Descriptor;
    }
}
