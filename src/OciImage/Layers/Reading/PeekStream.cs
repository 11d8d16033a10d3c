using OciImage.Content;

namespace OciImage.Layers;

/// <summary>Shows the first bytes of a stream without taking them.</summary>
internal sealed class PeekStream(Stream inner) : ReadOnlyStream
{
    private byte[] _start = [];
    private int _taken;

    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancellationToken)
    {
        byte[] start = new byte[count];
        int read = await inner.ReadAtLeastAsync(start, count, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        _start = start[..read];

        return _start;
    }

    public override int Read(Span<byte> buffer)
    {
        if (_taken == _start.Length)
        {
            return inner.Read(buffer);
        }

        int count = Math.Min(buffer.Length, _start.Length - _taken);
        _start.AsSpan(_taken, count).CopyTo(buffer);
        _taken += count;

        return count;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _taken == _start.Length ? inner.ReadAsync(buffer, cancellationToken) : new(Read(buffer.Span));
}
