using System.IO.Compression;
using System.Runtime.InteropServices;
using SharpCompress.Compressors.ZStandard;

namespace OciImage.Compression;

/// <summary>Compresses and decompresses layers: one seam in front of every codec.</summary>
public static class LayerCompression
{
    /// <summary>The number of bytes that <see cref="Detect"/> looks at.</summary>
    public const int MagicLength = 6;

    private const int BufferSize = 128 * 1024;
    private const int DefaultGzipLevel = 6;
    private const int MaxGzipLevel = 9;
    private const int DefaultZstdLevel = 3;
    private const int MaxZstdLevel = 19;

    /// <summary>Tells the compression that a layer's media type promises.</summary>
    /// <param name="mediaType">The media type.</param>
    /// <returns>The compression, or <see langword="null"/> where the media type is not one of a layer.</returns>
    public static CompressionFormat? FromMediaType(string mediaType)
    {
        ArgumentNullException.ThrowIfNull(mediaType);
        return mediaType switch
        {
            MediaTypes.Layer or MediaTypes.NonDistributableLayer or
                MediaTypes.DockerLayer or MediaTypes.DockerForeignLayer => CompressionFormat.None,
            MediaTypes.LayerZstd or MediaTypes.NonDistributableLayerZstd or
                MediaTypes.DockerLayerZstd => CompressionFormat.Zstd,
            _ when MediaTypes.IsLayer(mediaType) => CompressionFormat.Gzip,
            _ => null,
        };
    }

    /// <summary>Tells the compression by the first bytes of content.</summary>
    /// <param name="start">The first bytes; six suffice.</param>
    /// <returns>The compression; <see cref="CompressionFormat.None"/> where the bytes are of no known format.</returns>
    public static CompressionFormat Detect(ReadOnlySpan<byte> start) => start switch
    {
        [0x1F, 0x8B, 8, ..] => CompressionFormat.Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => CompressionFormat.Zstd,
        [>= 0x50 and <= 0x5F, 0x2A, 0x4D, 0x18, ..] => CompressionFormat.Zstd,
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => CompressionFormat.Xz,
        [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', ..] => CompressionFormat.Bzip2,
        _ => CompressionFormat.None,
    };

    /// <summary>Opens a stream that decompresses to the end of the source: every member of gzip, every frame of zstd.</summary>
    /// <remarks>
    /// Reads throw a <see cref="LayerException"/> when the content is damaged or cut off, and when a limit is reached; what
    /// the source throws passes through as it is. The source is read to its end.
    /// </remarks>
    /// <param name="source">The compressed bytes.</param>
    /// <param name="format">How they are compressed.</param>
    /// <param name="options">The limits, or <see langword="null"/> for the defaults.</param>
    /// <param name="leaveOpen">Whether the source stays open when the stream is disposed.</param>
    /// <returns>A stream that only reads forward.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The format is not known.</exception>
    public static Stream OpenDecompressor(
        Stream source, CompressionFormat format, DecompressionOptions? options = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!Enum.IsDefined(format))
        {
            throw new ArgumentOutOfRangeException(nameof(format));
        }

        return new DecompressingStream(source, format, options?.Clone() ?? new DecompressionOptions(), leaveOpen);
    }

    /// <summary>Opens a write-only stream that compresses; disposing it finishes the content.</summary>
    /// <remarks>
    /// The bytes depend on the content, the format, the level and the version of .NET and of this library, and on nothing
    /// else. A digest of compressed bytes is therefore only reproducible with the same versions; a DiffID always is.
    /// </remarks>
    /// <param name="target">Where the compressed bytes go.</param>
    /// <param name="format">None, gzip or zstd.</param>
    /// <param name="level">1 to 9 for gzip (6 by default), 1 to 19 for zstd (3 by default).</param>
    /// <param name="leaveOpen">Whether the target stays open when the stream is disposed.</param>
    /// <returns>A stream that only writes.</returns>
    /// <exception cref="NotSupportedException">The format can only be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The level is out of range.</exception>
    public static Stream OpenCompressor(
        Stream target, CompressionFormat format, int? level = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(target);
        CheckCompressor(format, level);
        switch (format)
        {
            case CompressionFormat.Gzip:
                var options = new ZLibCompressionOptions { CompressionLevel = level ?? DefaultGzipLevel };
                return new CompressingStream(
                    new GZipStream(target, options, leaveOpen: true), target, leaveOpen, GzipSource.EmptyMember);
            case CompressionFormat.Zstd:
                return new CompressingStream(
                    new CompressionStream(target, level ?? DefaultZstdLevel, BufferSize, leaveOpen: true),
                    target,
                    leaveOpen,
                    emptyContent: []);
            default:
                return new UncompressedStream(target, leaveOpen);
        }
    }

    /// <summary>Returns the level that is used where none is asked for; 0 where a format has none.</summary>
    internal static int DefaultLevel(CompressionFormat format) => format switch
    {
        CompressionFormat.Gzip => DefaultGzipLevel,
        CompressionFormat.Zstd => DefaultZstdLevel,
        _ => 0,
    };

    /// <summary>Refuses a level, and a format, that <see cref="OpenCompressor"/> does not have.</summary>
    internal static void CheckCompressor(CompressionFormat format, int? level)
    {
        switch (format)
        {
            case CompressionFormat.None:
                break;
            case CompressionFormat.Gzip:
                CheckLevel(level, MaxGzipLevel);
                break;
            case CompressionFormat.Zstd:
                CheckLevel(level, MaxZstdLevel);
                break;
            default:
                throw new NotSupportedException($"Content cannot be compressed with {format}; with gzip and zstd it can.");
        }
    }

    /// <summary>Names all that the compressed bytes depend on besides the content: the same name, the same bytes.</summary>
    internal static string DescribeCompressor(CompressionFormat format, int level) => format switch
    {
        // zlib-ng comes with .NET, and has code of its own for each processor.
        CompressionFormat.Gzip =>
            $"gzip-{level}-net{Environment.Version.ToString(3)}-{RuntimeInformation.ProcessArchitecture}",
        CompressionFormat.Zstd =>
            $"zstd-{level}-sharpcompress{typeof(CompressionStream).Assembly.GetName().Version?.ToString(3)}",
        _ => "none",
    };

    private static void CheckLevel(int? level, int max)
    {
        if (level is < 1 || level > max)
        {
            throw new ArgumentOutOfRangeException(nameof(level), level, $"The level must be 1 to {max}.");
        }
    }
}
