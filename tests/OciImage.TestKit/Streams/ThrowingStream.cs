namespace OciImage.TestKit;

/// <summary>Throws after some bytes, once or for ever, as a connection that breaks.</summary>
public sealed class ThrowingStream(Stream inner, long after, Exception error, bool once = false) : ForwardStream(inner)
{
    private long _left = after;
    private bool _thrown;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int read = Inner.Read(buffer[..Wanted(buffer.Length)]);
        _left -= read;

        return read;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await Inner.ReadAsync(buffer[..Wanted(buffer.Length)], cancellationToken);
        _left -= read;

        return read;
    }

    private int Wanted(int asked)
    {
        if (once && _thrown)
        {
            return asked;
        }

        if (_left == 0)
        {
            _thrown = true;
            throw error;
        }

        return (int)Math.Min(asked, _left);
    }
}
