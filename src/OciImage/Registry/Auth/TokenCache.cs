using System.Collections.Concurrent;

namespace OciImage.Registry.Auth;

/// <summary>Keeps access tokens for as long as they are good, and fetches each of them once.</summary>
internal sealed class TokenCache(TimeProvider time)
{
    // Renewed a little early: a token that ends on the way is refused on arrival.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<AccessNeed, AccessToken> _tokens = new();
    private readonly ConcurrentDictionary<AccessNeed, Lazy<Task<AccessToken>>> _fetches = new();

    public string? TryGet(AccessNeed need) =>
        _tokens.TryGetValue(need, out AccessToken? token) && token.ExpiresAt - Margin > time.GetUtcNow() ? token.Value : null;

    public void Forget(AccessNeed need, string value)
    {
        if (_tokens.TryGetValue(need, out AccessToken? token) && token.Value == value)
        {
            _tokens.TryRemove(new(need, token));
        }
    }

    /// <summary>Fetches a token; whoever needs the same one meanwhile waits for it.</summary>
    public async ValueTask<string> FetchAsync(
        AccessNeed need, Func<Task<AccessToken>> fetch, CancellationToken cancellationToken)
    {
        Lazy<Task<AccessToken>> pending = _fetches.GetOrAdd(need, _ => new Lazy<Task<AccessToken>>(fetch));
        try
        {
            AccessToken token = await pending.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
            _tokens[need] = token;
            return token.Value;
        }
        finally
        {
            if (pending.Value.IsCompleted)
            {
                _fetches.TryRemove(new(need, pending));
            }
        }
    }
}

/// <summary>An access token and the time it ends.</summary>
internal sealed record AccessToken(string Value, DateTimeOffset ExpiresAt);
