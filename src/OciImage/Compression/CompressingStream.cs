namespace OciImage.Compression;

/// <summary>Compresses what is written; the bytes do not depend on how the writes were cut.</summary>
/// <remarks>zlib-ng finds other matches when its input comes in other pieces, so every codec gets whole blocks.</remarks>
internal sealed class CompressingStream(Stream codec, Stream target, bool leaveOpen, byte[] emptyContent) : Stream
{
    private const int BlockSize = 128 * 1024;

    private readonly byte[] _block = new byte[BlockSize];
    private int _buffered;
    private bool _written;
    private bool _disposed;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => !_disposed;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _written |= buffer.Length > 0;
        while (_buffered + buffer.Length >= BlockSize && !buffer.IsEmpty)
        {
            ReadOnlySpan<byte> block = _buffered == 0 ? buffer[..BlockSize] : Fill(buffer);
            buffer = buffer[(BlockSize - _buffered)..];
            _buffered = 0;
            codec.Write(block);
        }

        Keep(buffer);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _written |= buffer.Length > 0;
        while (_buffered + buffer.Length >= BlockSize && !buffer.IsEmpty)
        {
            ReadOnlyMemory<byte> block = _buffered == 0 ? buffer[..BlockSize] : Fill(buffer.Span);
            buffer = buffer[(BlockSize - _buffered)..];
            _buffered = 0;
            await codec.WriteAsync(block, cancellationToken).ConfigureAwait(false);
        }

        Keep(buffer.Span);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // A flush of the codec would put a mark into the bytes, which would then depend on when it came.
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            try
            {
                await codec.WriteAsync(_block.AsMemory(0, _buffered)).ConfigureAwait(false);
            }
            finally
            {
                await codec.DisposeAsync().ConfigureAwait(false);
            }

            // GZipStream writes nothing at all for no content, which is no gzip.
            if (!_written)
            {
                await target.WriteAsync(emptyContent).ConfigureAwait(false);
            }

            if (!leaveOpen)
            {
                await target.DisposeAsync().ConfigureAwait(false);
            }
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            try
            {
                codec.Write(_block.AsSpan(0, _buffered));
            }
            finally
            {
                codec.Dispose();
            }

            if (!_written)
            {
                target.Write(emptyContent);
            }

            if (!leaveOpen)
            {
                target.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private byte[] Fill(ReadOnlySpan<byte> buffer)
    {
        buffer[..(BlockSize - _buffered)].CopyTo(_block.AsSpan(_buffered));
        return _block;
    }

    private void Keep(ReadOnlySpan<byte> buffer)
    {
        buffer.CopyTo(_block.AsSpan(_buffered));
        _buffered += buffer.Length;
    }
}
