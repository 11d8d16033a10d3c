namespace OciImage.Content;

/// <summary>A part of content as its store gave it: as long as promised, but of bytes that nothing has verified.</summary>
/// <remarks>
/// Reading throws an <see cref="IOException"/> when the source ends early, and never hands out more than the part. Whoever
/// puts parts together verifies the whole. An instance is used by one reader at a time.
/// </remarks>
public sealed class UnverifiedRangeStream : Stream
{
    private readonly Stream _source;
    private readonly long _length;
    private long _position;

    /// <summary>Initializes a new instance, which owns its source.</summary>
    /// <param name="source">The bytes of the part, and perhaps more.</param>
    /// <param name="length">The length of the part in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public UnverifiedRangeStream(Stream source, long length)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _source = source;
        _length = length;
    }

    /// <inheritdoc/>
    public override bool CanRead => _source.CanRead;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <summary>Gets the length of the part in bytes.</summary>
    public override long Length => _length;

    /// <summary>Gets the number of bytes read so far. Setting it is not supported.</summary>
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int wanted = Wanted(buffer.Length);
        return wanted == 0 ? 0 : Take(_source.Read(buffer[..wanted]));
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int wanted = Wanted(buffer.Length);
        return wanted == 0 ? 0 : Take(await _source.ReadAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Wanted(int count) => (int)Math.Min(count, _length - _position);

    private int Take(int read)
    {
        if (read == 0)
        {
            throw new IOException($"A part of {_length} bytes ended after {_position}.");
        }

        _position += read;
        return read;
    }
}
