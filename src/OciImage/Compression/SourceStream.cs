using System.Buffers;

namespace OciImage.Compression;

/// <summary>Stands between a codec and its source: buffers, counts bytes, and remembers what the source threw.</summary>
/// <remarks>A codec's exceptions say that content is damaged; the source's say something else and pass through.</remarks>
internal class SourceStream(Stream source) : Stream
{
    private const int BufferSize = 128 * 1024;

    // Empty members and frames cost time and bring nothing; real content is never this much larger compressed.
    private const long FreeOfEmptiness = 16L * 1024 * 1024;

    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _start;
    private int _end;

    /// <summary>Gets how many bytes the codec took.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Gets or sets how many bytes the codec made of them.</summary>
    public long BytesOut { get; set; }

    public Exception? Failure { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    // The codec of xz aligns its blocks by the position.
    public override long Position
    {
        get => BytesRead;
        set => throw new NotSupportedException();
    }

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(SourceStream));

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        if (_start == _end && buffer.Length >= BufferSize)
        {
            int read = ReadSource(buffer);
            return read > 0 ? Taken(buffer[..read]) : AtEnd(buffer);
        }

        return _start < _end || Fill() ? Take(buffer) : AtEnd(buffer);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        if (_start == _end && buffer.Length >= BufferSize)
        {
            int read = await ReadSourceAsync(buffer, cancellationToken).ConfigureAwait(false);
            return read > 0 ? Taken(buffer.Span[..read]) : AtEnd(buffer.Span);
        }

        return _start < _end || await FillAsync(cancellationToken).ConfigureAwait(false)
            ? Take(buffer.Span)
            : AtEnd(buffer.Span);
    }

    public override int ReadByte()
    {
        if (_start == _end && !Fill())
        {
            return -1;
        }

        Span<byte> one = stackalloc byte[1];
        Take(one);
        return one[0];
    }

    /// <summary>Looks at the next bytes without taking them; fewer than asked for only at the end.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        while (_end - _start < count && Fill())
        {
        }

        return Buffer.AsSpan(_start, Math.Min(count, _end - _start));
    }

    /// <summary>Reads what the codec did not take; returns whether there was any.</summary>
    public bool Drain()
    {
        bool more = _start < _end;
        do
        {
            more |= _start < _end;
            _start = _end;
        }
        while (Fill());

        return more;
    }

    /// <summary>Reads what the codec did not take; returns whether there was any.</summary>
    public async ValueTask<bool> DrainAsync(CancellationToken cancellationToken)
    {
        bool more = _start < _end;
        do
        {
            more |= _start < _end;
            _start = _end;
        }
        while (await FillAsync(cancellationToken).ConfigureAwait(false));

        return more;
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

    /// <summary>Returns the buffer; called once, when no read is under way.</summary>
    public void Release()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    protected virtual int AtEnd(Span<byte> buffer) => 0;

    private int Take(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _end - _start);
        Buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;

        return Taken(buffer[..count]);
    }

    private int Taken(ReadOnlySpan<byte> bytes)
    {
        BytesRead += bytes.Length;
        if (BytesRead - FreeOfEmptiness > 2 * BytesOut)
        {
            throw new LayerException(
                LayerErrorKind.LimitExceeded, $"{BytesRead} compressed bytes became only {BytesOut}.");
        }

        return bytes.Length;
    }

    private bool Fill()
    {
        MakeRoom();
        int read = ReadSource(Buffer.AsSpan(_end));
        _end += read;

        return read > 0;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        MakeRoom();
        int read = await ReadSourceAsync(Buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;

        return read > 0;
    }

    private int ReadSource(Span<byte> buffer)
    {
        try
        {
            return source.Read(buffer);
        }
        catch (Exception exception)
        {
            Failure = exception;
            throw;
        }
    }

    private async ValueTask<int> ReadSourceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Failure = exception;
            throw;
        }
    }

    private void MakeRoom()
    {
        Buffer.AsSpan(_start, _end - _start).CopyTo(Buffer);
        _end -= _start;
        _start = 0;
    }
}
