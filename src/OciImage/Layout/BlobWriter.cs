using System.Buffers;
using Microsoft.Win32.SafeHandles;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Brings files under their final names: hashed, flushed, renamed, and the directory flushed.</summary>
internal sealed class BlobWriter(LayoutPaths paths, OciLayoutOptions options)
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Brings content under its name: in parts at the same time where that pays, or else as one stream.</summary>
    public async ValueTask WriteAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        if (content.Ranges is { } ranges && ranges.Descriptor.Digest == descriptor.Digest &&
            ranges.Descriptor.Size == descriptor.Size &&
            await TryWriteAsync(ranges, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        Stream source = await content.OpenAsync(0, cancellationToken).ConfigureAwait(false);
        ContentStream stream = ContentStream.Over(source, descriptor);
        await using (stream.ConfigureAwait(false))
        {
            await WriteAsync(stream, descriptor.Digest, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes a document beside the blobs: readers see the one before or the new one, whole.</summary>
    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        using TemporaryFile file = TemporaryFile.Create(paths);
        RandomAccess.Write(file.Handle, bytes, 0);
        Flush(file.Handle);
        File.Move(file.Path, path, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Gives a verified file the blob's name; whoever wrote the same content before is replaced by equal bytes.</summary>
    public void Publish(SafeFileHandle handle, string temporary, Digest digest)
    {
        Flush(handle);
        string path = paths.Blob(digest) ?? throw LayoutPaths.NoName(digest);
        string directory = Path.GetDirectoryName(path)!;
        if (LayoutPaths.Prepare(paths.Blobs) | LayoutPaths.Prepare(directory))
        {
            FlushDirectory(paths.Root);
            FlushDirectory(paths.Blobs);
        }

        File.Move(temporary, path, overwrite: true);
        FlushDirectory(directory);
    }

    public void Remove(string path)
    {
        File.Delete(path);
        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Flushes the names of blobs that others wrote, before an index names them.</summary>
    public void FlushBlobNames()
    {
        FlushDirectory(Path.Combine(paths.Blobs, Digest.Sha256));
        FlushDirectory(Path.Combine(paths.Blobs, Digest.Sha512));
    }

    public void FlushDirectory(string directory)
    {
        if (options.Durable)
        {
            BlobFile.FlushDirectory(directory);
        }
    }

    /// <summary>Copies a stream that verifies itself into a new file, which gets the blob's name only at the end.</summary>
    private async ValueTask WriteAsync(Stream verified, Digest digest, CancellationToken cancellationToken)
    {
        using TemporaryFile file = TemporaryFile.Create(paths);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long offset = 0;
            int read;
            while ((read = await verified.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                RandomAccess.Write(file.Handle, buffer.AsSpan(0, read), offset);
                offset += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        Publish(file.Handle, file.Path, digest);
    }

    /// <summary>Fetches the parts of a blob at the same time into a new file; returns whether they made the blob.</summary>
    private async ValueTask<bool> TryWriteAsync(RangedContent content, CancellationToken cancellationToken)
    {
        using TemporaryFile file = TemporaryFile.Create(paths);
        if (!await RangeWriter.TryWriteAsync(content, file.Handle, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        Publish(file.Handle, file.Path, content.Descriptor.Digest);
        return true;
    }

    private void Flush(SafeFileHandle handle)
    {
        if (options.Durable)
        {
            RandomAccess.FlushToDisk(handle);
        }
    }
}
