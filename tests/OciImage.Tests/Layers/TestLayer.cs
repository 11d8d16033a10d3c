using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.Tests.Layers;

/// <summary>Layers as blobs in a store.</summary>
internal static class TestLayer
{
    public static async Task<byte[]> ArchiveAsync(params TestEntry[] entries)
    {
        using var archive = new MemoryStream();
        var writer = new TarWriter(archive);
        foreach (TestEntry entry in entries)
        {
            await writer.WriteEntryAsync(entry.ToTarEntry());
            await writer.WriteContentAsync(entry.Content);
        }

        await writer.CompleteAsync();
        return archive.ToArray();
    }

    public static async Task<LayerToApply> AddAsync(MemoryStore store, params TestEntry[] entries) =>
        await AddArchiveAsync(store, await ArchiveAsync(entries));

    public static async Task<LayerToApply> AddArchiveAsync(
        MemoryStore store, byte[] archive, CompressionFormat format = CompressionFormat.None, string mediaType = MediaTypes.Layer)
    {
        using var compressed = new MemoryStream();
        await using (Stream compressor = LayerCompression.OpenCompressor(compressed, format, leaveOpen: true))
        {
            await compressor.WriteAsync(archive);
        }

        return new LayerToApply(await AddBlobAsync(store, compressed.ToArray(), mediaType), Digest.Compute(archive));
    }

    public static async Task<Descriptor> AddBlobAsync(MemoryStore store, byte[] blob, string mediaType)
    {
        var descriptor = new Descriptor { MediaType = mediaType, Digest = Digest.Compute(blob), Size = blob.Length };
        await store.PushAsync(descriptor, ReplayableContent.FromBytes(blob));

        return descriptor;
    }
}
