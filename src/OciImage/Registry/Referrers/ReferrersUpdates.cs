namespace OciImage.Registry.Referrers;

/// <summary>Keeps the changes of fallback tags apart, for as long as there are any.</summary>
internal sealed class ReferrersUpdates
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (ReferrersUpdate Update, int Users)> _updates = new(StringComparer.Ordinal);

    /// <summary>Makes a change of a tag.</summary>
    public async ValueTask RunAsync(
        string tag,
        ReferrerChange change,
        Func<IReadOnlyList<ReferrerChange>, CancellationToken, ValueTask> apply,
        CancellationToken cancellationToken)
    {
        ReferrersUpdate update = Enter(tag);
        try
        {
            await update.RunAsync(change, apply, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave(tag);
        }
    }

    private ReferrersUpdate Enter(string tag)
    {
        lock (_lock)
        {
            (ReferrersUpdate update, int users) = _updates.TryGetValue(tag, out var known) ? known : (new ReferrersUpdate(), 0);
            _updates[tag] = (update, users + 1);

            return update;
        }
    }

    private void Leave(string tag)
    {
        lock (_lock)
        {
            (ReferrersUpdate update, int users) = _updates[tag];
            if (users == 1)
            {
                _updates.Remove(tag);
                return;
            }

            _updates[tag] = (update, users - 1);
        }
    }
}
