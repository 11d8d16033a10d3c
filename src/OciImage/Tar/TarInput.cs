using System.Buffers;

namespace OciImage.Tar;

/// <summary>Reads a stream through one large buffer, so that headers and small files cost no call of their own.</summary>
/// <param name="source">The archive.</param>
/// <param name="bufferSize">The number of bytes that are read at once, at least.</param>
/// <param name="end">Where the source ends, so that what is passed over need not be read; or <see langword="null"/> to read all.</param>
internal sealed class TarInput(Stream source, int bufferSize = TarInput.LargeBuffer, long? end = null) : IDisposable
{
    private const int LargeBuffer = 256 * 1024;

    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
    private long _taken;
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>Gets what is buffered and was not taken.</summary>
    public ReadOnlyMemory<byte> Buffered => Buffer.AsMemory(_start, _end - _start);

    /// <summary>Gets where in the source the next byte stands, counted from where reading began.</summary>
    public long Position => _taken - (_end - _start);

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(TarReader));

    public void Advance(int count) => _start += count;

    /// <summary>Buffers at least so many bytes; returns how many there are, fewer only at the end.</summary>
    public ValueTask<int> FillAsync(int wanted, CancellationToken cancellationToken) =>
        _end - _start >= wanted || _ended ? new(_end - _start) : FillSlowlyAsync(wanted, cancellationToken);

    /// <summary>Reads bytes: those that are buffered first, large rests without the detour.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        if (_start == _end && target.Length >= bufferSize / 2 && !_ended)
        {
            int read = await source.ReadAsync(target, cancellationToken).ConfigureAwait(false);
            _taken += read;
            return read;
        }

        int available = Math.Min(await FillAsync(1, cancellationToken).ConfigureAwait(false), target.Length);
        Buffer.AsMemory(_start, available).CopyTo(target);
        _start += available;

        return available;
    }

    /// <summary>Passes over bytes; returns whether there were as many.</summary>
    public async ValueTask<bool> SkipAsync(long count, CancellationToken cancellationToken)
    {
        if (end is { } length && count > _end - _start)
        {
            return Seek(count - (_end - _start), length);
        }

        while (count > 0)
        {
            int available = await FillAsync(1, cancellationToken).ConfigureAwait(false);
            if (available == 0)
            {
                return false;
            }

            int step = (int)Math.Min(available, count);
            _start += step;
            count -= step;
        }

        return true;
    }

    public void Dispose()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    // A pool gives more than was asked for, and what is not wanted is not read.
    private int Room => end is null ? Buffer.Length - _end : Math.Min(bufferSize, Buffer.Length) - _end;

    private bool Seek(long count, long length)
    {
        _start = 0;
        _end = 0;
        if (count > length - _taken)
        {
            _ended = true;
            return false;
        }

        _taken += count;
        source.Seek(count, SeekOrigin.Current);

        return true;
    }

    private async ValueTask<int> FillSlowlyAsync(int wanted, CancellationToken cancellationToken)
    {
        Buffer.AsSpan(_start, _end - _start).CopyTo(Buffer);
        _end -= _start;
        _start = 0;
        while (_end < wanted && !_ended)
        {
            int read = await source.ReadAsync(Buffer.AsMemory(_end, Room), cancellationToken).ConfigureAwait(false);
            _ended = read == 0;
            _end += read;
            _taken += read;
        }

        return _end;
    }
}
