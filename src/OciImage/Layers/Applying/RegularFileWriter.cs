using System.Buffers;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Writes regular files: content, the holes of sparse ones as holes, and then metadata.</summary>
internal sealed class RegularFileWriter(long maxBytes, NodeMetadataWriter metadata) : IDisposable
{
    private const int BufferSize = 256 * 1024;

    private byte[]? _buffer;

    public long BytesWritten { get; private set; }

    public async ValueTask WriteAsync(
        TarReader reader, TarEntry entry, DirectoryHandle parent, byte[] name, CancellationToken cancellationToken)
    {
        // The size of a sparse file costs nothing to claim, so it is checked before the file system hears of it.
        if (entry.Size > maxBytes)
        {
            throw TooLarge(entry);
        }

        int descriptor = parent.CreateFile(name);
        try
        {
            if (reader.TryTakeContent(out ReadOnlyMemory<byte> content))
            {
                Write(descriptor, content.Span, entry);
            }
            else if (reader.Extents is { } extents)
            {
                await WriteSparseAsync(reader, entry, descriptor, extents, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await CopyAsync(reader, entry, descriptor, entry.Size, cancellationToken).ConfigureAwait(false);
            }

            metadata.ApplyToFile(descriptor, name, NodeMetadata.Of(entry));
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    public void Dispose()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    private async ValueTask WriteSparseAsync(
        TarReader reader, TarEntry entry, int descriptor, IReadOnlyList<TarExtent> extents, CancellationToken cancellationToken)
    {
        if (Libc.Truncate(descriptor, entry.Size) != 0)
        {
            throw LinuxError.Of(Libc.LastError, "Setting the size of", entry.Name.Span);
        }

        foreach (TarExtent extent in extents)
        {
            if (Libc.Seek(descriptor, extent.Offset, 0) < 0)
            {
                throw LinuxError.Of(Libc.LastError, "Seeking in", entry.Name.Span);
            }

            await CopyAsync(reader, entry, descriptor, extent.Length, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask CopyAsync(
        TarReader reader, TarEntry entry, int descriptor, long count, CancellationToken cancellationToken)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        while (count > 0)
        {
            int wanted = (int)Math.Min(count, _buffer.Length);
            int read = await reader.ReadDataAsync(_buffer.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new LayerException(LayerErrorKind.Malformed, "A file ends early.", entry.DisplayName);
            }

            Write(descriptor, _buffer.AsSpan(0, read), entry);
            count -= read;
        }
    }

    private unsafe void Write(int descriptor, ReadOnlySpan<byte> bytes, TarEntry entry)
    {
        BytesWritten += bytes.Length;
        if (BytesWritten > maxBytes)
        {
            throw TooLarge(entry);
        }

        fixed (byte* start = bytes)
        {
            for (nint written = 0; written < bytes.Length;)
            {
                nint count = Libc.Write(descriptor, start + written, bytes.Length - written);
                if (count < 0)
                {
                    if (Libc.LastError == LinuxError.Interrupted)
                    {
                        continue;
                    }

                    throw LinuxError.Of(Libc.LastError, "Writing", entry.Name.Span);
                }

                written += count;
            }
        }
    }

    private LayerException TooLarge(TarEntry entry) => new(
        LayerErrorKind.LimitExceeded, $"The layers have more than {maxBytes} bytes of files.", entry.DisplayName);
}
