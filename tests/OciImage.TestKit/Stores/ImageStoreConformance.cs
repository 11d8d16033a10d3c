using System.Text;
using OciImage.Content;
using Xunit;

namespace OciImage.TestKit.Stores;

/// <summary>What holds for every image store that keeps its content itself. The tests of each such store derive from it.</summary>
/// <typeparam name="TStore">The kind of store.</typeparam>
public abstract class ImageStoreConformance<TStore>
    where TStore : IImageStore, IContentIngester, IContentDeleter, IReferenceLister, IReferenceUntagger, IReferrerSource, IBlobMounter,
        IContentRangeFetcher
{
    private static readonly Descriptor Hello = TestContent.Describe("hello");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Makes an empty store.</summary>
    protected abstract ValueTask<TStore> CreateAsync();

    [Theory]
    [InlineData("hello", Digest.Sha256)]
    [InlineData("hello", Digest.Sha512)]
    [InlineData("", Digest.Sha256)]
    public async Task PushAsync_MakesContentReadable(string text, string algorithm)
    {
        TStore store = await CreateAsync();
        Descriptor descriptor = TestContent.Describe(text, algorithm: algorithm);
        bool before = await store.ExistsAsync(descriptor, Token);

        await store.PushAsync(descriptor, TestContent.Of(text), Token);

        Assert.Equal((false, true), (before, await store.ExistsAsync(descriptor, Token)));
        Assert.Equal(TestContent.Bytes(text), await TestContent.ReadAsync(store, descriptor));
    }

    [Theory]
    [InlineData("hullo")] // other bytes
    [InlineData("hell")] // too short
    [InlineData("hello!")] // too long
    public async Task PushAsync_OfOtherContent_LeavesNothing(string actual)
    {
        TStore store = await CreateAsync();

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await store.PushAsync(Hello, TestContent.Of(actual), Token));

        Assert.False(await store.ExistsAsync(Hello, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await store.OpenReadAsync(Hello, Token));
    }

    [Fact]
    public async Task PushAsync_OfASourceThatBreaks_LeavesNothing()
    {
        TStore store = await CreateAsync();

        await Assert.ThrowsAsync<IOException>(async () => await store.PushAsync(Hello, new BreakingContent("hello"), Token));

        Assert.False(await store.ExistsAsync(Hello, Token));
    }

    [Fact]
    public async Task Members_RefuseADigestThatCannotBeVerified()
    {
        TStore store = await CreateAsync();
        Descriptor blake = Hello with { Digest = Digest.Parse("blake3:abcd") };
        await using ContentIngest ingest = await store.OpenIngestAsync("key", Token);

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await store.PushAsync(blake, TestContent.Of("hello"), Token));
        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await ingest.CommitAsync(TestContent.Unknown, blake.Digest, Token));

        Assert.False(await store.ExistsAsync(blake, Token));
    }

    [Fact]
    public async Task OpenReadAsync_RefusesAnotherLength()
    {
        TStore store = await CreateAsync();
        await store.PushAsync(Hello, TestContent.Of("hello"), Token);
        Descriptor longer = Hello with { Size = 6 };

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await store.OpenReadAsync(longer, Token));

        Assert.False(await store.ExistsAsync(longer, Token));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(0, 2)]
    [InlineData(1, 3)]
    [InlineData(4, 1)]
    [InlineData(5, 0)] // nothing is a part, too
    [InlineData(0, 0)]
    public async Task TryOpenRangeAsync_GivesThatPart(int offset, int length)
    {
        TStore store = await CreateAsync();
        await store.PushAsync(Hello, TestContent.Of("hello"), Token);

        await using UnverifiedRangeStream? part = await store.TryOpenRangeAsync(Hello, offset, length, Token);

        var bytes = new MemoryStream();
        await part!.CopyToAsync(bytes, Token);
        Assert.Equal((length, "hello"[offset..(offset + length)]), ((int)part.Length, Encoding.UTF8.GetString(bytes.ToArray())));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, 6)] // beyond the end
    [InlineData(6, 0)] // starts beyond the end
    [InlineData(3, long.MaxValue)] // the sum does not fit
    public async Task TryOpenRangeAsync_RefusesWhatIsNoPart(long offset, long length)
    {
        TStore store = await CreateAsync();
        await store.PushAsync(Hello, TestContent.Of("hello"), Token);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await store.TryOpenRangeAsync(Hello, offset, length, Token));
    }

    [Fact]
    public async Task TryOpenRangeAsync_RefusesContentThatIsNotThere()
    {
        TStore store = await CreateAsync();
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await store.TryOpenRangeAsync(Hello, 0, 1, Token));
        await store.PushAsync(Hello, TestContent.Of("hello"), Token);

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await store.TryOpenRangeAsync(Hello with { Size = 6 }, 0, 6, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.TryOpenRangeAsync(null!, 0, 0, Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.TryOpenRangeAsync(Hello, 0, 1, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task TagAsync_MovesATag()
    {
        TStore store = await CreateAsync();
        Descriptor first = await TestContent.PushImageAsync(store, "first");
        Descriptor second = await TestContent.PushImageAsync(store, "second");
        await store.TagAsync(first, "latest", Token);

        await store.TagAsync(second, "latest", Token);

        Assert.Equal(second, await store.ResolveAsync("latest", Token));
        Assert.Equal(first, await store.ResolveAsync(first.Digest.ToString(), Token));
    }

    [Fact]
    public async Task TagAsync_RefusesDigestsAndContentThatIsNotThere()
    {
        TStore store = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(store, "a");

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.TagAsync(image, Hello.Digest.ToString(), Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await store.TagAsync(Hello, "latest", Token));

        Assert.Empty(await store.ListReferencesAsync(Token).ToListAsync(Token));
    }

    [Fact]
    public async Task ResolveAsync_RefusesUnknownTagsAndDigests()
    {
        TStore store = await CreateAsync();

        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await store.ResolveAsync("latest", Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await store.ResolveAsync(Hello.Digest.ToString(), Token));
    }

    [Fact]
    public async Task UntagAsync_LeavesTheContent()
    {
        TStore store = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(store, "a");
        await store.TagAsync(image, "latest", Token);

        await store.UntagAsync("latest", Token);

        Assert.True(await store.ExistsAsync(image, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await store.UntagAsync("latest", Token));
    }

    [Fact]
    public async Task DeleteAsync_RemovesContentAndItsTagsOnly()
    {
        TStore store = await CreateAsync();
        Descriptor first = await TestContent.PushImageAsync(store, "first");
        Descriptor second = await TestContent.PushImageAsync(store, "second");
        await store.TagAsync(first, "a", Token);
        await store.TagAsync(first, "b", Token);
        await store.TagAsync(second, "c", Token);

        await store.DeleteAsync(first, Token);

        Assert.Equal(["c"], await store.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.False(await store.ExistsAsync(first, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await store.DeleteAsync(first, Token));
    }

    [Fact]
    public async Task ListReferencesAsync_IsOrdinal()
    {
        TStore store = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(store, "a");
        foreach (string tag in (string[])["b", "a", "B", "10", "9", "_"])
        {
            await store.TagAsync(image, tag, Token);
        }

        Assert.Equal(["10", "9", "B", "_", "a", "b"], await store.ListReferencesAsync(Token).ToArrayAsync(Token));
    }

    [Fact]
    public async Task ListReferrersAsync_TellsArtifactTypesAndAnnotations()
    {
        TStore store = await CreateAsync();
        Descriptor subject = TestContent.Describe("{}", MediaTypes.ImageManifest); // need not be here
        Descriptor config = await TestImage.PushAsync(store, "application/vnd.test.config", "{}");
        var annotations = new Dictionary<string, string> { ["key"] = "value" };
        Descriptor byConfig = await TestContent.PushManifestAsync(
            store, config, [], manifest => manifest with { Subject = subject, Annotations = annotations });
        Descriptor byType = await TestContent.PushManifestAsync(
            store, config, [], manifest => manifest with { Subject = subject, ArtifactType = "application/vnd.test.type" });
        Descriptor index = await TestContent.PushIndexAsync(store, [], value => value with { Subject = subject });
        await TestContent.PushManifestAsync(store, config, []);

        Descriptor[] all = await store.ListReferrersAsync(subject, null, Token).ToArrayAsync(Token);
        Descriptor[] filtered =
            await store.ListReferrersAsync(subject, "application/vnd.test.type", Token).ToArrayAsync(Token);

        Descriptor[] expected =
        [
            byConfig with { ArtifactType = "application/vnd.test.config", Annotations = annotations },
            byType with { ArtifactType = "application/vnd.test.type" },
            index,
        ];
        Assert.Equal(expected.OrderBy(item => item.Digest), all);
        Assert.Equal([byType.Digest], filtered.Select(item => item.Digest));
    }

    [Theory]
    [InlineData("untag")]
    [InlineData("move")]
    public async Task ListReferrersAsync_OutlivesATag(string change)
    {
        TStore store = await CreateAsync();
        Descriptor subject = await TestContent.PushImageAsync(store, "subject");
        Descriptor config = await TestImage.PushAsync(store, MediaTypes.Empty, "{}");
        Descriptor referrer = await TestContent.PushManifestAsync(
            store, config, [], manifest => manifest with { Subject = subject });
        await store.TagAsync(referrer, "signature", Token);

        await (change == "untag" ? store.UntagAsync("signature", Token) : store.TagAsync(subject, "signature", Token));

        Descriptor found = Assert.Single(await store.ListReferrersAsync(subject, null, Token).ToArrayAsync(Token));
        Assert.Equal(referrer.Digest, found.Digest);
    }

    [Fact]
    public async Task TryMountAsync_TakesOverFromItsLike()
    {
        TStore store = await CreateAsync();
        TStore other = await CreateAsync();
        await other.PushAsync(Hello, TestContent.Of("hello"), Token);

        bool mounted = await store.TryMountAsync(Hello, other, Token);
        bool missing = await store.TryMountAsync(TestContent.Describe("absent"), other, Token);

        Assert.Equal((mounted, false), (await store.ExistsAsync(Hello, Token), missing));
        Assert.True(mounted || !OperatingSystem.IsLinux());
    }

    [Fact]
    public async Task Ingest_GoesOnWhereTheLastHolderStopped()
    {
        TStore store = await CreateAsync();
        await using (ContentIngest first = await store.OpenIngestAsync("key", Token))
        {
            await first.AppendAsync(TestContent.Bytes("hel"), Token);
            await Assert.ThrowsAsync<IOException>(async () => await store.OpenIngestAsync("key", Token));
        }

        IngestStatus? status = await store.GetIngestStatusAsync("key", Token);
        await using ContentIngest second = await store.OpenIngestAsync("key", Token);
        await second.AppendAsync(TestContent.Bytes("lo"), Token);
        Descriptor committed = await second.CommitAsync(TestContent.Unknown, null, Token);

        Assert.Equal((3, 5, Hello), (status?.Offset, second.Offset, committed));
        Assert.Equal(TestContent.Bytes("hello"), await TestContent.ReadAsync(store, committed));
        Assert.Null(await store.GetIngestStatusAsync("key", Token));
    }

    [Theory]
    [InlineData(Digest.Sha256)]
    [InlineData(Digest.Sha512)]
    public async Task Ingest_ThatWasRefused_GoesOn(string algorithm)
    {
        TStore store = await CreateAsync();
        Descriptor wanted = TestContent.Describe("hello", algorithm: algorithm);
        await using ContentIngest ingest = await store.OpenIngestAsync("key", Token);
        await ingest.AppendAsync(TestContent.Bytes("hel"), Token);
        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await ingest.CommitAsync(TestContent.Unknown, wanted.Digest, Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await ingest.CommitAsync(TestContent.Unknown, wanted.Digest, new CancellationToken(canceled: true)));

        await ingest.AppendAsync(TestContent.Bytes("lo"), Token);
        Descriptor committed = await ingest.CommitAsync(TestContent.Unknown, wanted.Digest, Token);

        Assert.Equal(wanted, committed);
        Assert.Equal(TestContent.Bytes("hello"), await TestContent.ReadAsync(store, committed));
    }

    [Fact]
    public async Task Ingest_ThatWasLetGo_TouchesNobodyElses()
    {
        TStore store = await CreateAsync();
        ContentIngest first = await store.OpenIngestAsync("key", Token);
        await first.DisposeAsync();
        await using ContentIngest second = await store.OpenIngestAsync("key", Token);
        await second.AppendAsync(TestContent.Bytes("hello"), Token);

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await first.AbortAsync(Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await first.AppendAsync(TestContent.Bytes("x"), Token));

        Assert.Equal(Hello, await second.CommitAsync(TestContent.Unknown, null, Token));
    }

    [Fact]
    public async Task Members_RefuseNull()
    {
        TStore store = await CreateAsync();

        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.OpenReadAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.PushAsync(null!, TestContent.Of(""), Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.PushAsync(Hello, null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.ExistsAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.ResolveAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.TagAsync(Hello, null!, Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.UntagAsync("", Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.DeleteAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.TryMountAsync(Hello, null!, Token));
    }

    [Fact]
    public async Task Members_HeedACancelledToken()
    {
        TStore store = await CreateAsync();
        var cancelled = new CancellationToken(canceled: true);
        await store.PushAsync(Hello, TestContent.Of("hello"), Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.OpenReadAsync(Hello, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.ExistsAsync(Hello, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.TagAsync(Hello, "a", cancelled));
    }

    private sealed class BreakingContent(string text) : ReplayableContent
    {
        public override ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default) =>
            new(new ThrowingStream(TestContent.Open(text), after: 2, new IOException("The connection broke.")));
    }
}
