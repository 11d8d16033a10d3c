namespace OciImage.Registry.Http;

/// <summary>Ends a request that stands still, however long all of it takes.</summary>
internal sealed class ProgressTimer : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _source;
    private bool _disposed;

    public ProgressTimer(TimeSpan timeout, CancellationToken cancellationToken)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _source.CancelAfter(timeout);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Starts the time anew; may come after the end, since a body can outlive its request.</summary>
    public void Restart(TimeSpan timeout)
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _source.CancelAfter(timeout);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        _source.Dispose();
    }
}
