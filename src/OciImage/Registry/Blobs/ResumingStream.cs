using OciImage.Content;

namespace OciImage.Registry.Blobs;

/// <summary>A blob's bytes, fetched on from where they stopped when a connection breaks.</summary>
/// <remarks>What counts is progress: three failures in a row with hardly a byte between them end it, however long the blob.</remarks>
internal sealed class ResumingStream : ReadOnlyStream
{
    private const int MaxFailuresWithoutProgress = 3;
    private const int LeastProgress = 64 * 1024;

    private readonly BlobSource _source;
    private Stream? _current;
    private long _position;
    private long _positionOfFailure;
    private int _failures;

    private ResumingStream(BlobSource source, Stream first)
    {
        _source = source;
        _current = first;
    }

    public static async ValueTask<ResumingStream> OpenAsync(BlobSource source, CancellationToken cancellationToken) =>
        new(source, await source.OpenAsync(0, cancellationToken).ConfigureAwait(false));

    // Only this way has timeouts; who reads synchronously waits anyway.
    public override int Read(Span<byte> buffer)
    {
        byte[] bytes = new byte[buffer.Length];
        int read = ReadAsync(bytes).AsTask().GetAwaiter().GetResult();
        bytes.AsSpan(0, read).CopyTo(buffer);

        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                _current ??= await _source.OpenAsync(_position, cancellationToken).ConfigureAwait(false);
                int read = await _current.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);

                // A body that ends as it should is over, even when it is too short; one that breaks off throws.
                _position += read;
                return read;
            }
            catch (OperationCanceledException)
            {
                // The connection went with the read; who reads on gets another one.
                if (_current is not null)
                {
                    await _current.DisposeAsync().ConfigureAwait(false);
                    _current = null;
                }

                throw;
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException or RegistryException { IsTransient: true })
            {
                if (_current is not null)
                {
                    await _current.DisposeAsync().ConfigureAwait(false);
                    _current = null;
                }

                // A mirror gets no second chance with this blob; the registry itself does.
                if (!_source.AvoidCurrent() && !MayGoOn())
                {
                    throw new RegistryException(
                        $"Content '{_source.Descriptor.Digest}' broke off after {_position} of {_source.Descriptor.Size} bytes: " +
                        Excerpt.Of(exception.Message),
                        exception)
                    {
                        IsTransient = true,
                        Transcript = (exception as RegistryException)?.Transcript,
                    };
                }
            }
        }
    }

    private bool MayGoOn()
    {
        _failures = _position - _positionOfFailure >= LeastProgress ? 1 : _failures + 1;
        _positionOfFailure = _position;

        return _failures < MaxFailuresWithoutProgress;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _current?.Dispose();
        }

        base.Dispose(disposing);
    }
}
