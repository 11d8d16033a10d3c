using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout;

public sealed class LayoutRepositoryProviderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Get_MakesRepositoriesThatAreListedInOrderAndSeeOnlyTheirOwn()
    {
        var provider = new LayoutRepositoryProvider(_directory.Path);
        var inner = (IImageStore)(await provider.GetAsync("a/b", create: true, Token))!;
        var outer = (IImageStore)(await provider.GetAsync("a", create: true, Token))!;
        Descriptor blob = Descriptor.Create("a/b", "content"u8);
        await inner.PushAsync(blob, ReplayableContent.FromBytes("content"u8.ToArray()), Token);

        Assert.Equal(["a", "a/b"], await new LayoutRepositoryProvider(_directory.Path).ListAsync(Token).ToListAsync(Token));
        Assert.False(await outer.ExistsAsync(blob, Token));
        Assert.Null(await provider.GetAsync("absent", create: false, Token));
        await OciLayout.OpenAsync(_directory.Combine("a", "b", "_oci"), cancellationToken: Token);
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("a//b")]
    [InlineData("_oci")]
    [InlineData("A")]
    [InlineData("")]
    public async Task Get_RefusesWhatIsNoName(string name) => await Assert.ThrowsAsync<ArgumentException>(
        async () => await new LayoutRepositoryProvider(_directory.Path).GetAsync(name, create: true, Token));

    [Fact]
    public async Task Get_ServesALayoutAsOneRepository()
    {
        await OciLayout.OpenOrCreateAsync(_directory.Combine("images"), cancellationToken: Token);
        var provider = new LayoutRepositoryProvider(_directory.Combine("images"));

        Assert.Equal(["images"], await provider.ListAsync(Token).ToListAsync(Token));
        Assert.NotNull(await provider.GetAsync("images", create: false, Token));
        Assert.Null(await provider.GetAsync("other", create: true, Token));
    }

    [Fact]
    public async Task Get_ServesALayoutUnderTheNameThatWasGiven()
    {
        await OciLayout.OpenOrCreateAsync(_directory.Combine("Not_A_Name_"), cancellationToken: Token);

        var named = new LayoutRepositoryProvider(_directory.Combine("Not_A_Name_"), name: "team/app");
        var unnamed = new LayoutRepositoryProvider(_directory.Combine("Not_A_Name_") + Path.DirectorySeparatorChar);

        Assert.Equal(["team/app"], await named.ListAsync(Token).ToListAsync(Token));
        Assert.Equal(["image"], await unnamed.ListAsync(Token).ToListAsync(Token));
        Assert.Throws<ArgumentException>(() => new LayoutRepositoryProvider(_directory.Path, name: "../x"));
    }

    [Fact]
    public async Task Get_DoesNotFollowLinks()
    {
        await OciLayout.OpenOrCreateAsync(_directory.Combine("outside", "_oci"), cancellationToken: Token);
        Directory.CreateDirectory(_directory.Combine("root"));
        Directory.CreateSymbolicLink(_directory.Combine("root", "link"), _directory.Combine("outside"));
        var provider = new LayoutRepositoryProvider(_directory.Combine("root"));

        await Assert.ThrowsAsync<IOException>(async () => await provider.GetAsync("link", create: false, Token));
        Assert.Empty(await provider.ListAsync(Token).ToListAsync(Token));
    }
}
