using Microsoft.Extensions.Time.Testing;
using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class MemoryIngestTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly MemoryStore _store;

    public MemoryIngestTests()
    {
        _store = new MemoryStore(_time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData(Digest.Sha512)]
    public async Task CommitAsync_MakesWhatWasAppendedVisible(string? algorithm)
    {
        Descriptor whole = TestContent.Describe("hello", algorithm: algorithm ?? Digest.Sha256);
        await using ContentIngest ingest = await _store.OpenIngestAsync("key", Token);
        await ingest.AppendAsync(TestContent.Bytes("hel"), Token);
        await ingest.AppendAsync(TestContent.Bytes("lo"), Token);

        Descriptor committed = await ingest.CommitAsync(
            TestContent.Unknown, algorithm is null ? null : whole.Digest, Token);

        Assert.Equal(whole, committed);
        Assert.Equal(TestContent.Bytes("hello"), await TestContent.ReadAsync(_store, committed));
        Assert.Null(await _store.GetIngestStatusAsync("key", Token));
    }

    [Fact]
    public async Task OpenIngestAsync_GoesOnWhereTheLastHolderStopped()
    {
        await using (ContentIngest first = await _store.OpenIngestAsync("key", Token))
        {
            await first.AppendAsync(TestContent.Bytes("hel"), Token);
        }

        _time.Advance(TimeSpan.FromMinutes(1));
        IngestStatus? status = await _store.GetIngestStatusAsync("key", Token);
        await using ContentIngest second = await _store.OpenIngestAsync("key", Token);

        Assert.Equal(new IngestStatus("key", 3, _time.Start) { StartedAt = _time.Start }, status);
        Assert.Equal(("key", 3), (second.Key, second.Offset));
    }

    [Fact]
    public async Task OpenIngestAsync_RefusesASecondHolder()
    {
        ContentIngest first = await _store.OpenIngestAsync("key", Token);

        await Assert.ThrowsAsync<IOException>(async () => await _store.OpenIngestAsync("key", Token));
        await first.DisposeAsync();
        await using ContentIngest second = await _store.OpenIngestAsync("key", Token);
        await first.DisposeAsync();

        // A former holder's second dispose does not let a third one in, and its handle is dead.
        await Assert.ThrowsAsync<IOException>(async () => await _store.OpenIngestAsync("key", Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await first.AppendAsync(TestContent.Bytes("x"), Token));
    }

    [Fact]
    public async Task CommitAsync_OfAnotherDigest_LeavesTheIngestAsItWas()
    {
        Descriptor wanted = TestContent.Describe("hello");
        await using ContentIngest ingest = await _store.OpenIngestAsync("key", Token);
        await ingest.AppendAsync(TestContent.Bytes("hell"), Token);

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await ingest.CommitAsync(TestContent.Unknown, wanted.Digest, Token));
        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await ingest.CommitAsync(TestContent.Unknown, Digest.Parse("blake3:abcd"), Token));
        bool visible = await _store.ExistsAsync(wanted, Token);
        await ingest.AppendAsync(TestContent.Bytes("o"), Token);
        await ingest.CommitAsync(TestContent.Unknown, wanted.Digest, Token);

        Assert.False(visible);
        Assert.True(await _store.ExistsAsync(wanted, Token));
    }

    [Fact]
    public async Task AbortAsync_RemovesTheBytes()
    {
        await using ContentIngest ingest = await _store.OpenIngestAsync("key", Token);
        await ingest.AppendAsync(TestContent.Bytes("hello"), Token);

        await ingest.AbortAsync(Token);
        await ingest.AbortAsync(Token);

        Assert.Null(await _store.GetIngestStatusAsync("key", Token));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await ingest.AppendAsync(TestContent.Bytes("x"), Token));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await ingest.CommitAsync(TestContent.Unknown, null, Token));
    }

    [Theory]
    [InlineData("")] // none
    [InlineData("a/b")] // a separator
    [InlineData("é")] // not ASCII
    public async Task OpenIngestAsync_RefusesMalformedKeys(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.OpenIngestAsync(key, Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.GetIngestStatusAsync(key, Token));
    }
}
