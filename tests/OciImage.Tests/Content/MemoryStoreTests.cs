using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class MemoryStoreTests
{
    private static readonly Descriptor Hello = TestContent.Describe("hello");
    private static readonly Digest Blake = Digest.Parse("blake3:abcd");

    private readonly MemoryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("hello", Digest.Sha256)]
    [InlineData("hello", Digest.Sha512)]
    [InlineData("", Digest.Sha256)]
    public async Task PushAsync_MakesContentReadable(string text, string algorithm)
    {
        Descriptor descriptor = TestContent.Describe(text, algorithm: algorithm);
        bool before = await _store.ExistsAsync(descriptor, Token);

        await _store.PushAsync(descriptor, TestContent.Of(text), Token);

        Assert.False(before);
        Assert.True(await _store.ExistsAsync(descriptor, Token));
        Assert.Equal(TestContent.Bytes(text), await TestContent.ReadAsync(_store, descriptor));
    }

    [Theory]
    [InlineData("hullo")] // other bytes
    [InlineData("hell")] // too short
    [InlineData("hello!")] // too long
    public async Task PushAsync_OfOtherContent_LeavesNothing(string actual)
    {
        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await _store.PushAsync(Hello, TestContent.Of(actual), Token));

        Assert.False(await _store.ExistsAsync(Hello, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.OpenReadAsync(Hello, Token));
    }

    [Fact]
    public async Task PushAsync_UnderADigestThatCannotBeVerified_OpensNothing()
    {
        var content = new CountingContent("hello");

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await _store.PushAsync(Hello with { Digest = Blake }, content, Token));

        Assert.Equal(0, content.Opened);
    }

    [Fact]
    public async Task PushAsync_OfWhatIsThere_ReadsNothing()
    {
        var content = new CountingContent("hello");
        await _store.PushAsync(Hello, content, Token);

        await _store.PushAsync(Hello, content, Token);

        Assert.Equal(1, content.Opened);
    }

    [Fact]
    public async Task PushAsync_OfAManifestThatCameInAsALayer_MakesItOne()
    {
        Descriptor manifest = await TestContent.PushImageAsync(new MemoryStore(), "a");
        var source = new MemoryStore();
        await TestContent.PushImageAsync(source, "a");
        byte[] bytes = await TestContent.ReadAsync(source, manifest);
        Descriptor layer = await TestImage.PushAsync(_store, MediaTypes.LayerGzip, bytes);

        bool asLayer = await _store.ExistsAsync(layer, Token);
        bool asManifest = await _store.ExistsAsync(manifest, Token);
        await _store.PushAsync(manifest, ReplayableContent.FromBytes(bytes), Token);

        Assert.Equal((true, false), (asLayer, asManifest));
        Assert.True(await _store.ExistsAsync(manifest, Token));
        Assert.Equal(manifest, await _store.ResolveAsync(manifest.Digest.ToString(), Token));
    }

    [Fact]
    public async Task OpenReadAsync_RefusesAnotherLength()
    {
        await _store.PushAsync(Hello, TestContent.Of("hello"), Token);
        Descriptor longer = Hello with { Size = 6 };

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await _store.OpenReadAsync(longer, Token));
        Assert.False(await _store.ExistsAsync(longer, Token));
    }

    [Fact]
    public async Task TagAsync_MovesATag()
    {
        Descriptor first = await TestContent.PushImageAsync(_store, "first");
        Descriptor second = await TestContent.PushImageAsync(_store, "second");
        await _store.TagAsync(first, "latest", Token);

        await _store.TagAsync(second, "latest", Token);

        Assert.Equal(second, await _store.ResolveAsync("latest", Token));
    }

    [Theory]
    [InlineData("a/b")] // a separator
    [InlineData(".a")] // a first character that tags lack
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")] // a digest names content itself
    public async Task TagAsync_RefusesWhatIsNoTag(string reference)
    {
        await _store.PushAsync(Hello, TestContent.Of("hello"), Token);

        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.TagAsync(Hello, reference, Token));
    }

    [Fact]
    public async Task TagAsync_RefusesContentThatIsNotThere()
    {
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.TagAsync(Hello, "latest", Token));
    }

    [Fact]
    public async Task ResolveAsync_RefusesUnknownTagsAndDigests()
    {
        var error = await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await _store.ResolveAsync("latest", Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await _store.ResolveAsync(Hello.Digest.ToString(), Token));

        Assert.Equal("latest", error.Reference);
    }

    [Fact]
    public async Task UntagAsync_LeavesTheContent()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await _store.TagAsync(image, "latest", Token);

        await _store.UntagAsync("latest", Token);

        Assert.True(await _store.ExistsAsync(image, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.UntagAsync("latest", Token));
    }

    [Fact]
    public async Task DeleteAsync_RemovesContentAndItsTagsOnly()
    {
        Descriptor first = await TestContent.PushImageAsync(_store, "first");
        Descriptor second = await TestContent.PushImageAsync(_store, "second");
        await _store.TagAsync(first, "a", Token);
        await _store.TagAsync(first, "b", Token);
        await _store.TagAsync(second, "c", Token);

        await _store.DeleteAsync(first, Token);

        Assert.Equal(["c"], await _store.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.False(await _store.ExistsAsync(first, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.DeleteAsync(first, Token));
    }

    [Fact]
    public async Task ListReferencesAsync_IsOrdinal()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        foreach (string tag in new[] { "b", "a", "B", "10", "9", "_" })
        {
            await _store.TagAsync(image, tag, Token);
        }

        string[] tags = await _store.ListReferencesAsync(Token).ToArrayAsync(Token);

        Assert.Equal(["10", "9", "B", "_", "a", "b"], tags);
    }

    [Fact]
    public async Task ListReferrersAsync_TellsArtifactTypesAndAnnotations()
    {
        Descriptor subject = TestContent.Describe("{}", MediaTypes.ImageManifest); // M11: need not be here
        Descriptor config = await TestImage.PushAsync(_store, "application/vnd.test.config", "{}");
        Descriptor byConfig = await TestContent.PushManifestAsync(_store, config, [], manifest => manifest with
        {
            Subject = subject,
            Annotations = new Dictionary<string, string> { ["key"] = "value" },
        });
        Descriptor byType = await TestContent.PushManifestAsync(_store, config, [], manifest => manifest with
        {
            Subject = subject,
            ArtifactType = "application/vnd.test.type",
        });
        Descriptor index = await TestContent.PushIndexAsync(_store, [], value => value with { Subject = subject });
        await TestContent.PushManifestAsync(_store, config, []);
        await TestImage.PushAsync(_store, MediaTypes.ImageManifest, "no manifest at all");

        Descriptor[] all = await _store.ListReferrersAsync(subject, null, Token).ToArrayAsync(Token);
        Descriptor[] filtered =
            await _store.ListReferrersAsync(subject, "application/vnd.test.type", Token).ToArrayAsync(Token);

        Descriptor[] expected =
        [
            byConfig with
            {
                ArtifactType = "application/vnd.test.config",
                Annotations = new Dictionary<string, string> { ["key"] = "value" },
            },
            byType with { ArtifactType = "application/vnd.test.type" },
            index,
        ];
        Assert.Equal(expected.OrderBy(item => item.Digest), all);
        Assert.Equal([byType.Digest], filtered.Select(item => item.Digest));
    }

    [Fact]
    public async Task TryMountAsync_TakesOverFromAnotherMemory()
    {
        var other = new MemoryStore();
        await other.PushAsync(Hello, TestContent.Of("hello"), Token);

        bool mounted = await _store.TryMountAsync(Hello, other, Token);
        bool missing = await _store.TryMountAsync(TestContent.Describe("absent"), other, Token);
        bool otherLength = await new MemoryStore().TryMountAsync(Hello with { Size = 4 }, other, Token);

        Assert.Equal((true, false, false), (mounted, missing, otherLength));
        Assert.Equal(TestContent.Bytes("hello"), await TestContent.ReadAsync(_store, Hello));
    }

    [Fact]
    public async Task PushAsync_ByManyAtOnce_KeepsOneWholeCopy() // S06
    {
        byte[] bytes = TestContent.Bytes(100_000);
        Descriptor descriptor = Descriptor.Create(TestContent.Unknown, bytes);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => PushAsync(i % 4 == 0), Token)));

        Assert.Equal(bytes, await TestContent.ReadAsync(_store, descriptor));

        async Task PushAsync(bool wrong)
        {
            try
            {
                await _store.PushAsync(
                    descriptor, wrong ? TestContent.Of("other") : ReplayableContent.FromBytes(bytes), Token);
            }
            catch (ContentVerificationException) when (wrong)
            {
                // Unless another was first, whose content makes this push needless.
            }
        }
    }

    [Fact]
    public async Task Members_RefuseNull()
    {
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await _store.OpenReadAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await _store.PushAsync(null!, TestContent.Of(""), Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await _store.PushAsync(Hello, null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await _store.ExistsAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await _store.ResolveAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await _store.TagAsync(Hello, null!, Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.UntagAsync("", Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await _store.DeleteAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await _store.TryMountAsync(Hello, null!, Token));
    }

    [Fact]
    public async Task Members_HeedACancelledToken()
    {
        var cancelled = new CancellationToken(canceled: true);
        await _store.PushAsync(Hello, TestContent.Of("hello"), Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.OpenReadAsync(Hello, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.ExistsAsync(Hello, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.TagAsync(Hello, "a", cancelled));
    }

    private sealed class CountingContent(string text) : ReplayableContent
    {
        public int Opened { get; private set; }

        public override ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default)
        {
            Opened++;
            return new(TestContent.Open(text));
        }
    }
}
