namespace OciImage.Registry.Referrers;

/// <summary>Lets the changes of one fallback tag happen one after another, and those that wait in one step.</summary>
/// <remarks>
/// The tag's list is read, changed and written: two clients at once lose one of two changes. Within a process this prevents it;
/// between processes only a registry can that knows conditional requests.
/// </remarks>
#pragma warning disable CA1001 // The semaphore holds nothing to release: nobody asks for its wait handle.
internal sealed class ReferrersUpdate
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    private readonly List<ReferrerChange> _waiting = [];

    /// <summary>Makes a change, and all that wait for their turn with it.</summary>
    /// <param name="change">The change.</param>
    /// <param name="apply">Makes several changes in one step; called by at most one caller at a time.</param>
    /// <param name="cancellationToken">Cancels the change, not those of others.</param>
    public async ValueTask RunAsync(
        ReferrerChange change,
        Func<IReadOnlyList<ReferrerChange>, CancellationToken, ValueTask> apply,
        CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _waiting.Add(change);
        }

        try
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Withdraw(change);
            throw;
        }

        try
        {
            if (!change.IsDone)
            {
                await ApplyWaitingAsync(change, apply, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    // Where it fails, the failure is of whose turn it is; the others try for themselves when theirs comes.
    private async ValueTask ApplyWaitingAsync(
        ReferrerChange own,
        Func<IReadOnlyList<ReferrerChange>, CancellationToken, ValueTask> apply,
        CancellationToken cancellationToken)
    {
        ReferrerChange[] batch;
        lock (_lock)
        {
            batch = [.. _waiting];
            _waiting.Clear();
        }

        try
        {
            await apply(batch, cancellationToken).ConfigureAwait(false);
            foreach (ReferrerChange change in batch)
            {
                change.IsDone = true;
            }
        }
        catch
        {
            lock (_lock)
            {
                _waiting.InsertRange(0, batch.Where(change => change != own));
            }

            throw;
        }
    }

    private void Withdraw(ReferrerChange change)
    {
        lock (_lock)
        {
            _waiting.Remove(change);
        }
    }
}
