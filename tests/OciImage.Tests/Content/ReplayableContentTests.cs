using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class ReplayableContentTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("bytes", 0)]
    [InlineData("bytes", 2)]
    [InlineData("bytes", 5)]
    [InlineData("file", 0)]
    [InlineData("file", 2)]
    [InlineData("file", 5)]
    [InlineData("fetcher", 0)]
    [InlineData("fetcher", 2)]
    [InlineData("fetcher", 5)]
    public async Task OpenAsync_StartsAtTheOffset(string kind, int offset)
    {
        ReplayableContent content = await MakeAsync(kind);

        for (int i = 0; i < 2; i++)
        {
            await using Stream stream = await content.OpenAsync(offset, Token);
            var result = new MemoryStream();
            await stream.CopyToAsync(result, Token);

            Assert.Equal(TestContent.Bytes("hello")[offset..], result.ToArray());
        }
    }

    [Theory]
    [InlineData("bytes")]
    [InlineData("file")]
    [InlineData("fetcher")]
    public async Task OpenAsync_RefusesOffsetsOutside(string kind)
    {
        ReplayableContent content = await MakeAsync(kind);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await content.OpenAsync(-1, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await content.OpenAsync(6, Token));
    }

    [Fact]
    public async Task FromFetcher_VerifiesAlsoWhatItSkips()
    {
        var lying = new LyingFetcher("hullo");
        ReplayableContent content = ReplayableContent.FromFetcher(lying, TestContent.Describe("hello"));

        await using Stream stream = await content.OpenAsync(3, Token);

        await Assert.ThrowsAsync<ContentVerificationException>(() => stream.CopyToAsync(Stream.Null, Token));
    }

    [Fact]
    public async Task FromFetcher_AsksForTheRestAlone()
    {
        var source = new RangedSource(TestContent.Bytes("hello"));
        ReplayableContent content = ReplayableContent.FromFetcher(source, source.Content);

        await using Stream stream = await content.OpenAsync(3, Token);

        Assert.IsType<UnverifiedRangeStream>(stream);
        Assert.Equal([(3, 2)], source.Asked);
        Assert.Equal(0, source.Opened);
    }

    [Fact]
    public async Task FromFetcher_SkipsWhereThereAreNoParts()
    {
        var source = new RangedSource(TestContent.Bytes("hello")) { OnAsk = (_, _, _) => Task.FromResult(false) };
        ReplayableContent content = ReplayableContent.FromFetcher(source, source.Content);

        await using Stream stream = await content.OpenAsync(3, Token);

        var rest = new MemoryStream();
        await stream.CopyToAsync(rest, Token);
        Assert.Equal(TestContent.Bytes("lo"), rest.ToArray());
        Assert.Equal(1, source.Opened);
    }

    [Fact]
    public void Factories_RefuseNull()
    {
        Assert.Throws<ArgumentNullException>(() => ReplayableContent.FromFile(null!));
        Assert.Throws<ArgumentNullException>(() => ReplayableContent.FromFetcher(null!, Descriptor.Empty));
        Assert.Throws<ArgumentNullException>(() => ReplayableContent.FromFetcher(new MemoryStore(), null!));
    }

    private async Task<ReplayableContent> MakeAsync(string kind)
    {
        Descriptor descriptor = TestContent.Describe("hello");
        var store = new MemoryStore();
        await store.PushAsync(descriptor, TestContent.Of("hello"), Token);

        return kind switch
        {
            "bytes" => TestContent.Of("hello"),
            "file" => ReplayableContent.FromFile(_directory.WriteFile("content", "hello")),
            _ => ReplayableContent.FromFetcher(store, descriptor),
        };
    }

    /// <summary>Says that its bytes are whatever was asked for.</summary>
    private sealed class LyingFetcher(string text) : IContentFetcher
    {
        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            new(new ContentStream(TestContent.Open(text), descriptor));
    }
}
