namespace OciImage.Compression;

/// <summary>Compresses what is written; the bytes do not depend on how the writes were cut.</summary>
internal sealed class CompressingStream(Stream codec, Stream target, bool leaveOpen, byte[] emptyContent) : Stream
{
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
        _written |= buffer.Length > 0;
        codec.Write(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _written |= buffer.Length > 0;
        return codec.WriteAsync(buffer, cancellationToken);
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
            if (codec != target)
            {
                await codec.DisposeAsync().ConfigureAwait(false);
            }

            // GZipStream writes nothing at all for no content, which is no gzip.
            if (!_written && emptyContent.Length > 0)
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
            if (codec != target)
            {
                codec.Dispose();
            }

            if (!_written && emptyContent.Length > 0)
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
}
