using System.Buffers;
using System.Security.Cryptography;

namespace OciImage.Content;

/// <summary>A read-only stream that proves itself: it checks the size and the digest that its descriptor promised.</summary>
/// <remarks>
/// <para>
/// The read that reaches the end throws when the digest is another, when bytes are missing, and when there is one byte
/// too many; bytes handed out before that are not yet proven. <see cref="IsVerified"/> says when they are.
/// <see cref="CompleteAsync"/> reads what is left, so that a caller who stops early can still be sure.
/// </para>
/// <para>Disposing early throws nothing and proves nothing. An instance is used by one reader at a time.</para>
/// </remarks>
public sealed class ContentStream : Stream
{
    private const int DrainBufferSize = 128 * 1024;

    private readonly Stream _source;
    private readonly IncrementalHash _hash;
    private readonly bool _leaveOpen;
    private long _position;
    private bool _failed;
    private bool _disposed;

    /// <summary>Initializes a new instance over a source.</summary>
    /// <param name="source">The bytes, from their start to their end.</param>
    /// <param name="descriptor">What the bytes must be.</param>
    /// <param name="leaveOpen">Whether the source stays open when this stream is disposed.</param>
    /// <exception cref="ContentVerificationException">The digest's algorithm is not one that can be verified.</exception>
    public ContentStream(Stream source, Descriptor descriptor, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(descriptor);
        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        _source = source;
        _leaveOpen = leaveOpen;
        Descriptor = descriptor;
        _hash = Digest.CreateHash(descriptor.Digest.Algorithm);
    }

    /// <summary>Gets what the content must be.</summary>
    public Descriptor Descriptor { get; }

    /// <summary>Gets whether every byte was read and size and digest are as promised.</summary>
    public bool IsVerified { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => !_disposed;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <summary>Gets the promised size in bytes.</summary>
    public override long Length => Descriptor.Size;

    /// <summary>Gets the number of bytes read so far. Setting it is not supported.</summary>
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>Reads all content into memory.</summary>
    /// <param name="maxSize">The greatest promised size that is read.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The verified bytes.</returns>
    /// <exception cref="ContentVerificationException">The content is larger than allowed, or not what was promised.</exception>
    public async ValueTask<byte[]> ReadToEndAsync(int maxSize, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxSize);
        long left = Descriptor.Size - _position;
        if (left > maxSize)
        {
            throw new ContentVerificationException(
                Descriptor, $"Content '{Descriptor.Digest}' has {Descriptor.Size} bytes; at most {maxSize} are read here.");
        }

        // A size is only a promise: the buffer grows with the bytes that arrive, not with what was announced.
        using var bytes = new MemoryStream((int)Math.Min(left, DrainBufferSize));
        await CopyToAsync(bytes, DrainBufferSize, cancellationToken).ConfigureAwait(false);
        await CompleteAsync(cancellationToken).ConfigureAwait(false);

        return bytes.ToArray();
    }

    /// <summary>Reads what is left and returns when all content was verified.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>A task that ends when <see cref="IsVerified"/> is <see langword="true"/>.</returns>
    /// <exception cref="ContentVerificationException">The content is not what was promised.</exception>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(DrainBufferSize);
        try
        {
            while (!IsVerified && await ReadAsync(buffer, cancellationToken).ConfigureAwait(false) > 0)
            {
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads and hashes bytes without handing them out.</summary>
    internal async ValueTask SkipAsync(long count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Descriptor.Size - _position);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(DrainBufferSize);
        try
        {
            while (count > 0)
            {
                int wanted = (int)Math.Min(count, buffer.Length);
                count -= await ReadAsync(buffer.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (!TryLimit(buffer.Length, out int wanted))
        {
            return 0;
        }

        int read = _source.Read(buffer[..wanted]);
        if (Take(buffer[..read]))
        {
            Span<byte> probe = stackalloc byte[1];
            Finish(_source.Read(probe));
        }

        return read;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!TryLimit(buffer.Length, out int wanted))
        {
            return 0;
        }

        int read = await _source.ReadAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
        if (Take(buffer.Span[..read]))
        {
            byte[] probe = ArrayPool<byte>.Shared.Rent(1);
            try
            {
                Finish(await _source.ReadAsync(probe.AsMemory(0, 1), cancellationToken).ConfigureAwait(false));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(probe);
            }
        }

        return read;
    }

    private bool TryLimit(int asked, out int wanted)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failed)
        {
            throw new ContentVerificationException(Descriptor, $"Content '{Descriptor.Digest}' was refused before.");
        }

        wanted = (int)Math.Min(asked, Descriptor.Size - _position);

        // Empty content has no last byte whose arrival could trigger the check.
        if (asked > 0 && Descriptor.Size == 0 && !IsVerified)
        {
            wanted = 1;
        }

        return wanted > 0;
    }

    // Returns whether the promised size was reached, so that the end must follow.
    private bool Take(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty && _position < Descriptor.Size)
        {
            throw Fail(ContentVerificationException.TooShort(Descriptor, _position));
        }

        if (_position + bytes.Length > Descriptor.Size)
        {
            throw Fail(ContentVerificationException.TooLong(Descriptor));
        }

        _hash.AppendData(bytes);
        _position += bytes.Length;

        return _position == Descriptor.Size;
    }

    private void Finish(int extraBytes)
    {
        if (extraBytes > 0)
        {
            throw Fail(ContentVerificationException.TooLong(Descriptor));
        }

        Span<byte> hash = stackalloc byte[64];
        int length = _hash.GetHashAndReset(hash);
        Digest actual = Digest.FromHash(Descriptor.Digest.Algorithm, hash[..length]);
        if (actual != Descriptor.Digest)
        {
            throw Fail(ContentVerificationException.Mismatch(Descriptor, actual));
        }

        IsVerified = true;
    }

    private ContentVerificationException Fail(ContentVerificationException exception)
    {
        _failed = true;
        return exception;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _hash.Dispose();
            if (!_leaveOpen)
            {
                _source.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            _hash.Dispose();
            if (!_leaveOpen)
            {
                await _source.DisposeAsync().ConfigureAwait(false);
            }
        }

        await base.DisposeAsync().ConfigureAwait(false);
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

    /// <summary>Does nothing.</summary>
    public override void Flush()
    {
    }

    /// <summary>Not supported.</summary>
    /// <param name="offset">Not used.</param>
    /// <param name="origin">Not used.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    /// <param name="value">Not used.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    /// <param name="buffer">Not used.</param>
    /// <param name="offset">Not used.</param>
    /// <param name="count">Not used.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
