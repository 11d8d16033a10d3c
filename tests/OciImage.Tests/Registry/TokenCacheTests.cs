using Microsoft.Extensions.Time.Testing;
using OciImage.Registry.Auth;

namespace OciImage.Tests.Registry;

public sealed class TokenCacheTests
{
    private static readonly AccessNeed Need = new("test/app", AccessNeed.Pull);

    private readonly FakeTimeProvider _time = new();
    private readonly TokenCache _cache;

    public TokenCacheTests()
    {
        _cache = new TokenCache(_time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryGet_RenewsALittleEarly()
    {
        await _cache.FetchAsync(Need, () => Task.FromResult(Good("t1", seconds: 60)), Token);

        _time.Advance(TimeSpan.FromSeconds(54));
        Assert.Equal("t1", _cache.TryGet(Need)?.Value);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_cache.TryGet(Need));
    }

    [Fact]
    public async Task TryGet_KnowsATokenOnlyForItsOwnNeed()
    {
        await _cache.FetchAsync(Need, () => Task.FromResult(Good("t1")), Token);

        Assert.Null(_cache.TryGet(Need with { Actions = AccessNeed.Push }));
        Assert.Null(_cache.TryGet(Need with { Repository = "test/other" }));
    }

    [Fact]
    public async Task Forget_LeavesATokenThatIsNewer()
    {
        await _cache.FetchAsync(Need, () => Task.FromResult(Good("t2")), Token);

        _cache.Forget(Need, "t1");
        Assert.NotNull(_cache.TryGet(Need));
        _cache.Forget(Need, "t2");
        Assert.Null(_cache.TryGet(Need));
    }

    [Fact]
    public async Task Fetch_IsSharedByAllWhoWait()
    {
        int fetches = 0;
        var answer = new TaskCompletionSource<AccessToken>();
        Task<AccessToken> Fetch()
        {
            fetches++;
            return answer.Task;
        }

        Task[] waiting = [.. Enumerable.Range(0, 10).Select(_ => _cache.FetchAsync(Need, Fetch, Token).AsTask())];
        answer.SetResult(Good("t1"));
        await Task.WhenAll(waiting);

        Assert.Equal(1, fetches);
    }

    [Fact]
    public async Task Fetch_ThatNobodyWaitsForAnyMoreIsNotHandedOutLater()
    {
        using var impatient = new CancellationTokenSource();
        var slow = new TaskCompletionSource<AccessToken>();
        Task first = _cache.FetchAsync(Need, () => slow.Task, impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        slow.SetResult(Good("old", seconds: 60));
        _time.Advance(TimeSpan.FromHours(1));

        await _cache.FetchAsync(Need, () => Task.FromResult(Good("new")), Token);

        Assert.Equal("new", _cache.TryGet(Need)?.Value);
    }

    [Fact]
    public async Task Fetch_ThatFailsIsTriedAgain()
    {
        await Assert.ThrowsAsync<RegistryException>(async () =>
            await _cache.FetchAsync(Need, () => Task.FromException<AccessToken>(new RegistryException("refused")), Token));

        await _cache.FetchAsync(Need, () => Task.FromResult(Good("t1")), Token);

        Assert.Equal("t1", _cache.TryGet(Need)?.Value);
    }

    private AccessToken Good(string value, int seconds = 300) =>
        new(value, _time.GetUtcNow() + TimeSpan.FromSeconds(seconds), null);
}
