using System.Text;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.TestKit;

/// <summary>Makes small layers and documents for tests.</summary>
public static class TestImage
{
    /// <summary>Writes bytes into a store and returns their descriptor.</summary>
    public static async Task<Descriptor> PushAsync(IContentStore store, string mediaType, ReadOnlyMemory<byte> bytes)
    {
        Descriptor descriptor = Descriptor.Create(mediaType, bytes.Span);
        await store.PushAsync(descriptor, ReplayableContent.FromBytes(bytes));

        return descriptor;
    }

    /// <summary>Writes text into a store and returns its descriptor.</summary>
    public static Task<Descriptor> PushAsync(IContentStore store, string mediaType, string text) =>
        PushAsync(store, mediaType, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a layer of one file into a store.</summary>
    public static async Task<WrittenLayer> AddLayerAsync(
        IContentStore store,
        string name,
        string content,
        string mediaType = MediaTypes.LayerGzip,
        CompressionFormat format = CompressionFormat.Gzip)
    {
        byte[] archive = await ArchiveAsync(name, Encoding.UTF8.GetBytes(content));
        using var stored = new MemoryStream();
        await using (Stream compressor = LayerCompression.OpenCompressor(stored, format, leaveOpen: true))
        {
            await compressor.WriteAsync(archive);
        }

        Descriptor descriptor = await PushAsync(store, mediaType, stored.ToArray());
        return new WrittenLayer(descriptor, Digest.Compute(archive), archive.Length);
    }

    /// <summary>Returns an archive of one regular file.</summary>
    public static async Task<byte[]> ArchiveAsync(string name, ReadOnlyMemory<byte> content)
    {
        using var archive = new MemoryStream();
        var writer = new TarWriter(archive);
        var entry = new TarEntry
        {
            Type = TarEntryType.RegularFile,
            Name = Encoding.UTF8.GetBytes(name),
            Size = content.Length,
            Mode = 0x1A4,
        };
        await writer.WriteEntryAsync(entry);
        await writer.WriteContentAsync(content);
        await writer.CompleteAsync();

        return archive.ToArray();
    }
}
