#pragma warning disable // Stub: replaced by its owner.
namespace OciImage.Compression;

public enum CompressionFormat { None, Gzip, Zstd, Xz, Bzip2 }

public static class LayerCompression
{
    /// <summary>Tells the compression that a layer media type promises; null when it promises none that is known.</summary>
    public static CompressionFormat? FromMediaType(string mediaType) => throw new NotImplementedException();
    /// <summary>Tells the compression by magic bytes (needs 6).</summary>
    public static CompressionFormat Detect(ReadOnlySpan<byte> start) => throw new NotImplementedException();
    /// <summary>Opens a stream that decompresses; multi-member gzip and multi-frame zstd are read whole; truncation, bad CRC and length are refused with LayerException; trailing bytes are reported through the report. Limits (ratio, absolute, window) in options.</summary>
    public static Stream OpenDecompressor(Stream source, CompressionFormat format, DecompressionOptions? options = null, bool leaveOpen = false) => throw new NotImplementedException();
    /// <summary>Opens a write-only stream that compresses into target; the bytes depend only on (library version, format, level).</summary>
    public static Stream OpenCompressor(Stream target, CompressionFormat format, int? level = null, bool leaveOpen = false) => throw new NotImplementedException();
}

public sealed class DecompressionOptions
{
    public long MaxSize { get; set; } = long.MaxValue;
    public int MaxRatio { get; set; } = 0;
    public int MaxZstdWindowBytes { get; set; } = 128 * 1024 * 1024;
}
