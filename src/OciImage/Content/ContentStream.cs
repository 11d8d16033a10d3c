using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace OciImage.Content;

/// <summary>A read-only stream that proves itself: it checks the size and the digest that its descriptor promised.</summary>
/// <remarks>
/// <para>
/// The read that reaches the end throws when the digest is another, when bytes are missing, and when there is one byte
/// too many; bytes handed out before that are not yet proven. <see cref="IsVerified"/> says when they are.
/// <see cref="CompleteAsync"/> reads what is left, so that a caller who stops early can still be sure.
/// </para>
/// <para>
/// A read that throws hands out nothing. When it had taken bytes from the source already, every later read throws too;
/// when it had not, as after a cancellation in time, reading may go on.
/// </para>
/// <para>Disposing throws nothing and, before the end, proves nothing. An instance is used by one reader at a time.</para>
/// </remarks>
public sealed class ContentStream : Stream
{
    private const int BufferSize = 128 * 1024;

    private readonly Stream _source;
    private readonly IncrementalHash _hash;
    private readonly bool _leaveOpen;
    private byte[]? _probe;
    private long _position;
    private Exception? _failure;
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

    internal TransferObserver? Observer { get; set; }

    /// <summary>Gets or sets what is called once when the content turns out not to be what was promised.</summary>
    internal Action? Refused { get; set; }

    /// <summary>Reads what is left of the content into memory.</summary>
    /// <param name="maxSize">The greatest promised number of bytes that is read.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The verified bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxSize"/> is negative.</exception>
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
        byte[] bytes = new byte[(int)Math.Min(left, BufferSize)];
        int filled = 0;
        while (filled < left)
        {
            if (filled == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(left, 2L * filled));
            }

            filled += await ReadAsync(bytes.AsMemory(filled), cancellationToken).ConfigureAwait(false);
        }

        await CompleteAsync(cancellationToken).ConfigureAwait(false);

        return bytes;
    }

    /// <summary>Reads what is left and returns when all content was verified.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>A task that ends when <see cref="IsVerified"/> is <see langword="true"/>.</returns>
    /// <exception cref="ContentVerificationException">The content is not what was promised.</exception>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
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
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
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
        buffer = buffer[..Limit(buffer.Length)];
        if (buffer.IsEmpty)
        {
            return 0;
        }

        bool taken = false;
        try
        {
            int read = _source.Read(buffer);
            taken = true;
            if (Take(buffer[..read]))
            {
                Span<byte> probe = stackalloc byte[1];
                Finish(_source.Read(probe));
            }

            Observer?.OnRead(_position);
            return read;
        }
        catch (Exception exception)
        {
            Fail(exception, taken, buffer);
            throw;
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))] // A large blob is thousands of reads.
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        buffer = buffer[..Limit(buffer.Length)];
        if (buffer.IsEmpty)
        {
            return 0;
        }

        bool taken = false;
        try
        {
            int read = await _source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            taken = true;
            if (Take(buffer.Span[..read]))
            {
                _probe ??= new byte[1];
                Finish(await _source.ReadAsync(_probe, cancellationToken).ConfigureAwait(false));
            }

            Observer?.OnRead(_position);
            return read;
        }
        catch (Exception exception)
        {
            Fail(exception, taken, buffer.Span);
            throw;
        }
    }

    /// <summary>Verifies a stream, unless it verifies itself against the same promise.</summary>
    internal static ContentStream Over(Stream stream, Descriptor descriptor) =>
        stream is ContentStream { Position: 0 } content &&
        content.Descriptor.Digest == descriptor.Digest && content.Descriptor.Size == descriptor.Size
            ? content
            : new ContentStream(stream, descriptor);

    // Returns how many bytes to ask the source for; 0 at the end.
    private int Limit(int asked)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failure is not null)
        {
            throw _failure is ContentVerificationException
                ? new ContentVerificationException(Descriptor, _failure.Message, _failure)
                : new IOException($"Reading '{Descriptor.Digest}' failed before; it must be opened again.", _failure);
        }

        // Empty content has no last byte whose arrival could trigger the check.
        return asked > 0 && Descriptor.Size == 0 && !IsVerified ? 1 : (int)Math.Min(asked, Descriptor.Size - _position);
    }

    // Returns whether the promised size was reached, so that the end must follow.
    private bool Take(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty && _position < Descriptor.Size)
        {
            throw ContentVerificationException.TooShort(Descriptor, _position);
        }

        if (_position + bytes.Length > Descriptor.Size)
        {
            throw ContentVerificationException.TooLong(Descriptor);
        }

        _hash.AppendData(bytes);
        _position += bytes.Length;

        return _position == Descriptor.Size;
    }

    private void Finish(int extraBytes)
    {
        if (extraBytes > 0)
        {
            throw ContentVerificationException.TooLong(Descriptor);
        }

        Span<byte> hash = stackalloc byte[64];
        int length = _hash.GetHashAndReset(hash);
        Digest actual = Digest.FromHash(Descriptor.Digest.Algorithm, hash[..length]);
        if (actual != Descriptor.Digest)
        {
            throw ContentVerificationException.Mismatch(Descriptor, actual);
        }

        IsVerified = true;
    }

    private void Fail(Exception exception, bool taken, Span<byte> buffer)
    {
        if (taken)
        {
            // These bytes are lost to whoever reads on, and were never proven to the one who asked.
            _failure = exception;
            buffer.Clear();
        }

        if (exception is ContentVerificationException)
        {
            Refused?.Invoke();
            Refused = null;
        }

        if (Observer is not null)
        {
            TransferObserver.OnFailure(exception);
        }
    }

    /// <summary>Releases the hash and, unless it stays open, the source. Never throws.</summary>
    /// <param name="disposing">Whether this is no finalizer.</param>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _hash.Dispose();
            if (!_leaveOpen)
            {
                try
                {
                    _source.Dispose();
                }
                catch (Exception)
                {
                    // Nothing was written, so nothing is lost; the error that counts is on its way already.
                }
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>Releases the hash and, unless it stays open, the source. Never throws.</summary>
    /// <returns>A task that ends when both are released.</returns>
    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            _hash.Dispose();
            if (!_leaveOpen)
            {
                try
                {
                    await _source.DisposeAsync().ConfigureAwait(false);
                }
                catch (Exception)
                {
                    // As above.
                }
            }
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        return Read(one) == 0 ? -1 : one[0];
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

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
