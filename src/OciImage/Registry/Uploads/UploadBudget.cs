namespace OciImage.Registry.Uploads;

/// <summary>Says whether an upload that failed goes on: as long as it gets ahead, and not for ever.</summary>
/// <param name="maxRetries">How many failures in a row without progress are taken, and how many times it may begin anew.</param>
internal sealed class UploadBudget(int maxRetries)
{
    private const long LeastProgress = 1024 * 1024;
    private const int MaxRenewals = 1;

    private long _offset;
    private int _failures;
    private int _restarts;
    private int _renewals;

    /// <summary>Counts a failure; returns whether to go on.</summary>
    /// <param name="offset">How much the registry has in this session.</param>
    public bool TryFail(long offset)
    {
        _failures = Progressed(offset) ? 1 : _failures + 1;
        return _failures <= maxRetries;
    }

    /// <summary>Counts a token that ended on the way; returns whether to go on.</summary>
    public bool TryRenew(long offset)
    {
        _renewals = Progressed(offset) ? 1 : _renewals + 1;
        return _renewals <= MaxRenewals;
    }

    /// <summary>Counts a session that was lost with all it had; returns whether to begin anew.</summary>
    public bool TryRestart()
    {
        _offset = 0;
        return ++_restarts <= Math.Max(maxRetries, 1);
    }

    private bool Progressed(long offset)
    {
        bool progressed = offset - _offset >= LeastProgress;
        _offset = Math.Max(_offset, offset);
        return progressed;
    }
}
