using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class MemoryRepositoryProviderTests
{
    private readonly MemoryRepositoryProvider _provider = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetAsync_MakesARepositoryOnlyWhenAsked()
    {
        IImageStore? before = await _provider.GetAsync("library/alpine", create: false, Token);
        IImageStore? made = await _provider.GetAsync("library/alpine", create: true, Token);
        IImageStore? after = await _provider.GetAsync("library/alpine", create: false, Token);

        Assert.Null(before);
        Assert.NotNull(made);
        Assert.Same(made, after);
    }

    [Fact]
    public async Task GetAsync_KeepsRepositoriesApart()
    {
        IImageStore first = (await _provider.GetAsync("a", create: true, Token))!;
        IImageStore second = (await _provider.GetAsync("b", create: true, Token))!;

        Descriptor image = await TestContent.PushImageAsync(first, "a");

        Assert.True(await first.ExistsAsync(image, Token));
        Assert.False(await second.ExistsAsync(image, Token));
    }

    [Theory]
    [InlineData("")] // none
    [InlineData("Library")] // upper case
    [InlineData("a//b")] // an empty part
    [InlineData("/a")] // starts with a separator
    [InlineData("a/../b")] // climbs
    [InlineData("a___b")] // three underscores
    [InlineData("-a")] // starts with a dash
    public async Task GetAsync_RefusesWhatIsNoName(string name)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _provider.GetAsync(name, create: true, Token));
    }

    [Fact]
    public async Task ListAsync_IsOrdinal()
    {
        foreach (string name in new[] { "b", "a/b", "a", "a-b", "10" })
        {
            await _provider.GetAsync(name, create: true, Token);
        }

        string[] names = await _provider.ListAsync(Token).ToArrayAsync(Token);

        Assert.Equal(["10", "a", "a-b", "a/b", "b"], names);
    }
}
