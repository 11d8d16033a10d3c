namespace OciImage.Compression;

/// <summary>Stands between a codec and its source: counts bytes, and remembers what the source threw.</summary>
/// <remarks>A codec's exceptions say that content is damaged; the source's say something else and pass through.</remarks>
internal class SourceStream(Stream source) : Stream
{
    public long BytesRead { get; private set; }

    public Exception? Failure { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        try
        {
            int read = source.Read(buffer);
            BytesRead += read;
            return read > 0 ? read : AtEnd(buffer);
        }
        catch (Exception exception)
        {
            Failure = exception;
            throw;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        try
        {
            int read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            BytesRead += read;
            return read > 0 ? read : AtEnd(buffer.Span);
        }
        catch (Exception exception)
        {
            Failure = exception;
            throw;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected virtual int AtEnd(Span<byte> buffer) => 0;
}
