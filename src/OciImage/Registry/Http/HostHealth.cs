namespace OciImage.Registry.Http;

/// <summary>Remembers that a mirror failed, so that not every blob waits for it again.</summary>
internal sealed class HostHealth(TimeProvider time)
{
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private DateTimeOffset _restsUntil;
    private int _failures;

    /// <summary>Gets whether the place may be asked now.</summary>
    public bool IsGood
    {
        get
        {
            lock (_lock)
            {
                return time.GetUtcNow() >= _restsUntil;
            }
        }
    }

    public void Fail()
    {
        lock (_lock)
        {
            // Failures of requests that ran side by side are one.
            if (time.GetUtcNow() >= _restsUntil)
            {
                _failures = Math.Min(_failures + 1, 16);
                long rest = Math.Min(FirstRest.Ticks << (_failures - 1), LongestRest.Ticks);
                _restsUntil = time.GetUtcNow() + TimeSpan.FromTicks(rest);
            }
        }
    }

    public void Succeed()
    {
        if (Volatile.Read(ref _failures) > 0)
        {
            lock (_lock)
            {
                _failures = 0;
            }
        }
    }
}
