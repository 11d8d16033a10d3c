using System.Text;
using OciImage.Compression;

namespace OciImage.Tests.Compression;

/// <summary>The same text in every format, xz and bzip2 as their own tools wrote them.</summary>
internal static class Samples
{
    public static byte[] Text { get; } =
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("hello, layer\n", 200)));

    public static byte[] Gzip { get; } = Compress(Text, CompressionFormat.Gzip);

    public static byte[] Zstd { get; } = Convert.FromBase64String("KLUv/WQoCa0AAGhoZWxsbywgbGF5ZXIKAQAYAn9+ARAL07k=");

    public static byte[] Xz { get; } = Convert.FromBase64String(
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AonACJdADQZSe6N74xqVYaV8KCmNFB7I8R66l/+3ND8xcF" +
        "/x9HNwAAAAABxE7DfU66xmQABPqgUAAAAn6YJYrHEZ/sCAAAAAARZWg==");

    public static byte[] Bzip2 { get; } = Convert.FromBase64String(
        "QlpoOTFBWSZTWQwef7IAArvRgAAQQAQiRJAgIABQgBgFKoB5TBF0IsEWCLBFoi9EXwi0ReBFwItEX4u5IpwoSAYPP9kA");

    public static byte[] Of(CompressionFormat format) => format switch
    {
        CompressionFormat.Gzip => Gzip,
        CompressionFormat.Zstd => Zstd,
        CompressionFormat.Xz => Xz,
        CompressionFormat.Bzip2 => Bzip2,
        _ => Text,
    };

    public static byte[] Compress(byte[] content, CompressionFormat format, int? level = null)
    {
        var target = new MemoryStream();
        using (Stream stream = LayerCompression.OpenCompressor(target, format, level, leaveOpen: true))
        {
            stream.Write(content);
        }

        return target.ToArray();
    }

    public static byte[] Decompress(byte[] compressed, CompressionFormat format, DecompressionOptions? options = null)
    {
        using Stream stream = LayerCompression.OpenDecompressor(new MemoryStream(compressed), format, options);
        var target = new MemoryStream();
        stream.CopyTo(target);

        return target.ToArray();
    }

    public static async Task<byte[]> DecompressAsync(Stream source, CompressionFormat format)
    {
        await using Stream stream = LayerCompression.OpenDecompressor(source, format);
        var target = new MemoryStream();
        await stream.CopyToAsync(target, TestContext.Current.CancellationToken);

        return target.ToArray();
    }

    /// <summary>Makes a gzip member with a header of one's own.</summary>
    public static byte[] GzipMember(byte[] content, byte flags = 0, byte[]? fields = null)
    {
        byte[] plain = Compress(content, CompressionFormat.Gzip);
        return [0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 3, .. fields ?? [], .. plain.AsSpan(10)];
    }
}
