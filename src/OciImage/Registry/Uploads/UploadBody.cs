using OciImage.Content;

namespace OciImage.Registry.Uploads;

/// <summary>The bytes of an upload, verified as they are read for the first time, and read again where the registry lost some.</summary>
/// <remarks>
/// <code>
/// 0 ─────────── offset ═════════ position ─────────── size
///   registry has it   sent, lost            not yet read
///                     └ a second opening    └ goes on with the first one, whose hash covers every byte once
/// </code>
/// What was lost on the way is opened anew and not hashed again: the registry compares the digest of what arrives with what
/// was promised, and every byte past it comes from the stream that verifies itself.
/// </remarks>
internal sealed class UploadBody(Descriptor descriptor, ReplayableContent content) : IAsyncDisposable
{
    private ContentStream? _main;
    private Stream? _gap;
    private long _next;

    public Descriptor Descriptor => descriptor;

    /// <summary>Gets what the content's source threw, which is not the registry's fault.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Gets whether all bytes were read and are what was promised.</summary>
    public bool IsVerified => _main?.IsVerified == true;

    private long Position => _main?.Position ?? 0;

    /// <summary>Goes to an offset, at most to where reading got.</summary>
    public async ValueTask SeekAsync(long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Position);
        if (_next == offset && (_gap is not null || offset == Position))
        {
            return;
        }

        await CloseGapAsync().ConfigureAwait(false);
        _next = offset;
        if (offset < Position)
        {
            _gap = await GuardAsync(() => content.OpenAsync(offset, cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>Reads on; the read that brings the last byte throws where the content is not what was promised.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_next < Position)
        {
            Memory<byte> lost = buffer[..(int)Math.Min(buffer.Length, Position - _next)];
            int again = await GuardAsync(() => _gap!.ReadAsync(lost, cancellationToken)).ConfigureAwait(false);
            if (again == 0)
            {
                Failure = ContentVerificationException.TooShort(descriptor, _next);
                throw Failure;
            }

            _next += again;
            return again;
        }

        await CloseGapAsync().ConfigureAwait(false);
        _main ??= ContentStream.Over(
            await GuardAsync(() => content.OpenAsync(0, cancellationToken)).ConfigureAwait(false), descriptor);
        int read = await GuardAsync(() => _main.ReadAsync(buffer, cancellationToken)).ConfigureAwait(false);
        _next += read;

        return read;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseGapAsync().ConfigureAwait(false);
        if (_main is not null)
        {
            await _main.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask CloseGapAsync()
    {
        if (_gap is not null)
        {
            await _gap.DisposeAsync().ConfigureAwait(false);
            _gap = null;
        }
    }

    // A read that was called off with its request says nothing about the source.
    private async ValueTask<T> GuardAsync<T>(Func<ValueTask<T>> read)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Failure = exception;
            throw;
        }
    }
}
