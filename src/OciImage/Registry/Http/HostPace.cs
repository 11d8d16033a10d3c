namespace OciImage.Registry.Http;

/// <summary>Says when a request to a host may start: its turn, its rate, and the quiet that a failure asks of everybody.</summary>
/// <remarks>
/// The quiet is shared: a host that cannot cope with one request cannot cope with the others either. It doubles with each
/// wave of failures and ends with the first success. What fails within one wave counts once.
/// </remarks>
internal sealed class HostPace : IDisposable
{
    private static readonly TimeSpan FirstQuiet = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestQuiet = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _maxRetryAfter;
    private readonly TimeSpan _interval;
    private DateTimeOffset _quietSince;
    private DateTimeOffset _quietUntil;
    private DateTimeOffset _nextTurn;
    private int _waves;

    public HostPace(RegistryOptions options)
    {
        _time = options.TimeProvider;
        _maxRetryAfter = options.MaxRetryAfter;
        _interval = options.MaxRequestsPerSecond is { } rate ? TimeSpan.FromSeconds(1 / rate) : TimeSpan.Zero;
        Slots = new SemaphoreSlim(options.MaxConcurrencyPerHost);
    }

    /// <summary>Gets the slots of requests that wait for an answer.</summary>
    public SemaphoreSlim Slots { get; }

    /// <summary>Gets whether the host is left alone now.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_lock)
            {
                return _quietUntil > _time.GetUtcNow();
            }
        }
    }

    /// <summary>Waits until a request may start; returns how long that took.</summary>
    public async ValueTask<TimeSpan> WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan waited = TimeSpan.Zero;
        while (true)
        {
            TimeSpan wait = Reserve();
            if (wait <= TimeSpan.Zero)
            {
                return waited;
            }

            await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
            waited += wait;
        }
    }

    /// <summary>Tells that a request which started at a time failed in a way that others will share.</summary>
    /// <param name="started">When it started.</param>
    /// <param name="retryAfter">How long the host asks to wait, or <see langword="null"/>.</param>
    public void Fail(DateTimeOffset started, TimeSpan? retryAfter)
    {
        lock (_lock)
        {
            DateTimeOffset now = _time.GetUtcNow();
            if (started >= _quietSince)
            {
                _waves = Math.Min(_waves + 1, 16);
                _quietSince = now;
            }

            TimeSpan quiet = retryAfter is { } asked
                ? TimeSpan.FromTicks(Math.Min(asked.Ticks, _maxRetryAfter.Ticks))
                : TimeSpan.FromTicks(Math.Min(FirstQuiet.Ticks << (Math.Max(_waves, 1) - 1), LongestQuiet.Ticks));
            DateTimeOffset until = now + quiet;
            _quietUntil = until > _quietUntil ? until : _quietUntil;
        }
    }

    /// <summary>Tells that the host answers again.</summary>
    public void Succeed()
    {
        if (Volatile.Read(ref _waves) > 0)
        {
            lock (_lock)
            {
                _waves = 0;
            }
        }
    }

    public void Dispose() => Slots.Dispose();

    private TimeSpan Reserve()
    {
        lock (_lock)
        {
            DateTimeOffset now = _time.GetUtcNow();
            if (_quietUntil > now)
            {
                return _quietUntil - now;
            }

            if (_nextTurn > now)
            {
                return _nextTurn - now;
            }

            _nextTurn = now + _interval;
            return TimeSpan.Zero;
        }
    }
}
