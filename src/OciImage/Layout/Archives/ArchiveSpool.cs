using System.Buffers;
using OciImage.Compression;

namespace OciImage.Layout;

/// <summary>Writes an archive that cannot be read in place, decompressed, to a temporary file without a name.</summary>
internal static class ArchiveSpool
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Reads a stream to its end into a new file, which is gone when its handle is.</summary>
    public static async ValueTask<ArchiveBytes> WriteAsync(
        Stream source, CompressionFormat format, string place, ImageArchiveOptions options, CancellationToken cancellationToken)
    {
        FileStream file = Create(options.TemporaryDirectory ?? Path.GetTempPath());
        try
        {
            Stream bytes = format == CompressionFormat.None
                ? source
                : LayerCompression.OpenDecompressor(source, format, options.Decompression, leaveOpen: true);
            try
            {
                await CopyAsync(bytes, file, place, options, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (bytes != source)
                {
                    await bytes.DisposeAsync().ConfigureAwait(false);
                }
            }

            return ArchiveBytes.Of(file, leaveOpen: false);
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async ValueTask CopyAsync(
        Stream source, FileStream file, string place, ImageArchiveOptions options, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long written = 0;
            int read;
            while ((read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (read > options.MaxSpoolSize - written)
                {
                    throw new LayerException(
                        LayerErrorKind.LimitExceeded,
                        $"'{place}' has more than {options.MaxSpoolSize} bytes uncompressed; no more are written to a temporary file.");
                }

                RandomAccess.Write(file.SafeFileHandle, buffer.AsSpan(0, read), written);
                written += read;
                options.SpoolProgress?.Report(written);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The name is taken away at once where the system can, so that nothing stays after a crash.
    private static FileStream Create(string directory)
    {
        string path = Path.Combine(directory, $"ociimage-{Guid.NewGuid():N}.tmp");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = 0,
            Options = FileOptions.Asynchronous | (OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None),
        };
        if (OperatingSystem.IsWindows())
        {
            return new FileStream(path, options);
        }

        options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        File.Delete(path);

        return file;
    }
}
