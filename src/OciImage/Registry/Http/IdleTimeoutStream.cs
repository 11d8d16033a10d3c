using OciImage.Content;

namespace OciImage.Registry.Http;

/// <summary>A body that may take as long as it likes, but must not stand still.</summary>
internal sealed class IdleTimeoutStream(Stream inner, TimeSpan timeout) : ReadOnlyStream
{
    private CancellationTokenSource _timer = new();

    /// <summary>Gets the host whose bytes are counted, or <see langword="null"/>.</summary>
    public RegistryHost? Host { get; init; }

    public override int Read(Span<byte> buffer) => inner.Read(buffer);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_timer.TryReset())
        {
            _timer.Dispose();
            _timer = new CancellationTokenSource();
        }

        _timer.CancelAfter(timeout);
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static state => ((CancellationTokenSource)state!).Cancel(), _timer);
        try
        {
            int read = await inner.ReadAsync(buffer, _timer.Token).ConfigureAwait(false);
            if (Host is not null)
            {
                RegistryTelemetry.Transfer(Host, "receive", read);
            }

            return read;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"The body stood still for {timeout.TotalSeconds:0.#} seconds.", exception);
        }
        catch (OperationCanceledException exception)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        finally
        {
            await registration.DisposeAsync().ConfigureAwait(false);
            _timer.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _timer.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
