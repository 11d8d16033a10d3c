namespace OciImage.Content;

/// <summary>One part of content, fetched on from where it stopped when the source breaks off.</summary>
/// <remarks>
/// What counts is progress: three failures in a row with hardly a byte between them end it. One reader uses an instance;
/// <see cref="Written"/> may be read by others meanwhile.
/// </remarks>
internal sealed class RangePart(RangedContent content, long offset, long length) : IAsyncDisposable
{
    private const int MaxFailuresWithoutProgress = 3;
    private const int LeastProgress = 64 * 1024;

    private UnverifiedRangeStream? _current;
    private long _position;
    private long _positionOfFailure;
    private int _failures;
    private long _written;

    /// <summary>Gets where the part starts within the content.</summary>
    public long Offset => offset;

    public long Length => length;

    /// <summary>Gets how many bytes of the part, from its start, are where they belong.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>Opens the part, and says whether the source gives parts at all.</summary>
    public async ValueTask<bool> TryOpenAsync(CancellationToken cancellationToken)
    {
        _current = await content.TryOpenAsync(offset, length, cancellationToken).ConfigureAwait(false);
        return _current is not null;
    }

    /// <summary>Reads at least one byte; the part must not be at its end.</summary>
    /// <exception cref="IOException">The source gave too little too often, or no parts any more.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        buffer = buffer[..(int)Math.Min(buffer.Length, length - _position)];
        while (true)
        {
            try
            {
                _current ??= await content
                    .TryOpenAsync(offset + _position, length - _position, cancellationToken)
                    .ConfigureAwait(false);
                if (_current is null)
                {
                    throw Failed(new IOException($"Of content '{content.Descriptor.Digest}' no more parts are given."));
                }

                int read = await content.ReadAsync(_current, buffer, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    throw Failed(new IOException(
                        $"A part of content '{content.Descriptor.Digest}' ended after {_position} of {length} bytes."));
                }

                _position += read;
                return read;
            }
            catch (Exception exception) when (
                exception is IOException or HttpRequestException or RegistryException { IsTransient: true } && !content.IsRefused)
            {
                await DisposeAsync().ConfigureAwait(false);
                _failures = _position - _positionOfFailure >= LeastProgress ? 1 : _failures + 1;
                _positionOfFailure = _position;
                if (_failures >= MaxFailuresWithoutProgress)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Says that bytes which were read are where they belong.</summary>
    public void Advance(int count) => Volatile.Write(ref _written, _written + count);

    public async ValueTask DisposeAsync()
    {
        if (_current is not null)
        {
            UnverifiedRangeStream stream = _current;
            _current = null;
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static IOException Failed(IOException exception)
    {
        CopyFailure.Mark(exception, CopySide.Source);
        return exception;
    }
}
