namespace OciImage.Engines;

/// <summary>Cancels when nothing has moved for a while, or when the caller does.</summary>
internal sealed class IdleWatch : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenRegistration _registration;

    public IdleWatch(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        _limit = limit;
        _timer = new CancellationTokenSource(limit, time);
        _registration = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _timer);
    }

    public CancellationToken Token => _timer.Token;

    /// <summary>Notes that something moved.</summary>
    public void Touch() => _timer.CancelAfter(_limit);

    public void Dispose()
    {
        _registration.Dispose();
        _timer.Dispose();
    }
}
