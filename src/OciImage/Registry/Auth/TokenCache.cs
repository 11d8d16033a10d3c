using System.Collections.Concurrent;

namespace OciImage.Registry.Auth;

/// <summary>Keeps access tokens for as long as they are good, and fetches each of them once.</summary>
internal sealed class TokenCache(TimeProvider time, bool sharesWrites = true)
{
    private const int PruneThreshold = 1024;

    // Renewed a little early: a token that ends on the way is refused on arrival.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<AccessNeed, AccessToken> _tokens = new();
    private readonly ConcurrentDictionary<AccessNeed, Lazy<Task>> _fetches = new();

    /// <summary>Gets the refresh tokens that token servers gave besides access tokens: each only ever goes back to its server.</summary>
    public ConcurrentDictionary<RefreshKey, string> RefreshTokens { get; } = new();

    /// <summary>Returns a good token for a need, or for a wider one.</summary>
    public AccessToken? TryGet(AccessNeed need) =>
        TryGetExactly(need) ?? (sharesWrites && need is { Actions: AccessNeed.Pull, MountFrom: null } ? TryGetExactly(Wider(need)) : null);

    /// <summary>Drops a token that was refused, unless there is another one already.</summary>
    public void Forget(AccessNeed need, string value)
    {
        foreach (AccessNeed key in new[] { need, Wider(need) })
        {
            if (_tokens.TryGetValue(key, out AccessToken? token) && token.Value == value)
            {
                _tokens.TryRemove(new(key, token));
            }
        }
    }

    /// <summary>Fetches a token; whoever needs the same one meanwhile waits for it, and may stop waiting.</summary>
    public async ValueTask FetchAsync(AccessNeed need, Func<Task<AccessToken>> fetch, CancellationToken cancellationToken)
    {
        Lazy<Task> pending = _fetches.GetOrAdd(need, key => new Lazy<Task>(() => FetchAndKeepAsync(key, fetch)));
        await pending.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task FetchAndKeepAsync(AccessNeed need, Func<Task<AccessToken>> fetch)
    {
        try
        {
            // A fetch that ended between the caller's look and this one has kept its token before it made way.
            if (TryGet(need) is not null)
            {
                return;
            }

            AccessToken token = await fetch().ConfigureAwait(false);
            Prune();
            _tokens[need] = token;
        }
        finally
        {
            // By the fetch and not by who waits: they may all have gone.
            _fetches.TryRemove(need, out _);
        }
    }

    private static AccessNeed Wider(AccessNeed need) => need with { Actions = AccessNeed.Push, MountFrom = null };

    private AccessToken? TryGetExactly(AccessNeed need) =>
        _tokens.TryGetValue(need, out AccessToken? token) && IsGood(token) ? token : null;

    private void Prune()
    {
        if (_tokens.Count < PruneThreshold)
        {
            return;
        }

        foreach (KeyValuePair<AccessNeed, AccessToken> entry in _tokens.Where(entry => !IsGood(entry.Value)))
        {
            _tokens.TryRemove(entry);
        }
    }

    private bool IsGood(AccessToken token) => token.ExpiresAt - Margin > time.GetUtcNow();
}
