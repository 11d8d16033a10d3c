using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>Brings files under their final names: hashed, flushed, renamed, and the directory flushed.</summary>
internal sealed class BlobWriter(LayoutPaths paths, OciLayoutOptions options)
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Copies a stream that verifies itself into a new file, which gets the blob's name only at the end.</summary>
    public async ValueTask WriteAsync(
        Stream verified, Digest digest, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(paths.Ingest);
        string temporary = Path.Combine(paths.Ingest, $"{Guid.NewGuid():N}.tmp");
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            using (SafeFileHandle handle = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                long offset = 0;
                int read;
                while ((read = await verified.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    RandomAccess.Write(handle, buffer.AsSpan(0, read), offset);
                    offset += read;
                }

                Flush(handle);
            }

            Publish(temporary, digest);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Flush(SafeFileHandle handle)
    {
        if (options.Durable)
        {
            RandomAccess.FlushToDisk(handle);
        }
    }

    /// <summary>Gives a verified file the blob's name; whoever wrote the same content before is replaced by equal bytes.</summary>
    public void Publish(string temporary, Digest digest)
    {
        string path = paths.Blob(digest);
        string directory = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory);
        File.Move(temporary, path, overwrite: true);
        if (options.Durable)
        {
            BlobFile.FlushDirectory(directory);
        }
    }
}
