using OciImage.Compression;

namespace OciImage.Layout;

/// <summary>Decides whether an archive is read where it is.</summary>
internal static class ArchiveOpening
{
    /// <summary>Returns the uncompressed bytes; a stream that is not wanted any more is closed, unless it stays open.</summary>
    public static async ValueTask<(ArchiveBytes Bytes, bool IsSpooled)> OpenAsync(
        Stream stream, string place, ImageArchiveOptions options, bool leaveOpen, CancellationToken cancellationToken)
    {
        byte[] magic = new byte[LayerCompression.MagicLength];
        int read = await stream
            .ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        CompressionFormat format = LayerCompression.Detect(magic.AsSpan(0, read));
        if (stream.CanSeek)
        {
            stream.Seek(-read, SeekOrigin.Current);
            if (format == CompressionFormat.None)
            {
                return (ArchiveBytes.Of(stream, leaveOpen), IsSpooled: false);
            }
        }

        Stream whole = stream.CanSeek ? stream : new PrefixedStream(magic.AsMemory(0, read), stream);
        ArchiveBytes bytes = await ArchiveSpool.WriteAsync(whole, format, place, options, cancellationToken).ConfigureAwait(false);
        if (!leaveOpen)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }

        return (bytes, IsSpooled: true);
    }
}
