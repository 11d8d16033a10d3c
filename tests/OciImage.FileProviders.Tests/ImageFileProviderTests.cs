using System.Text;
using Microsoft.Extensions.FileProviders;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.FileProviders.Tests;

public sealed class ImageFileProviderTests
{
    [Theory]
    [InlineData("www/index.html")]
    [InlineData("/www/index.html")]
    [InlineData("alias/index.html")] // over a link to a directory
    [InlineData("home")] // a link to the file
    public async Task GetFileInfo_FindsAFile(string path)
    {
        var provider = new ImageFileProvider(await ReadAsync());

        IFileInfo file = provider.GetFileInfo(path);

        Assert.True(file.Exists);
        Assert.Equal((5L, false, null), (file.Length, file.IsDirectory, file.PhysicalPath));
        Assert.Equal(path[(path.LastIndexOf('/') + 1)..], file.Name);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_000_000_000).AddTicks(12), file.LastModified);
        await using Stream stream = file.CreateReadStream();
        using var reader = new StreamReader(stream);
        Assert.Equal("hello", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("www")] // a directory is no file to a provider
    [InlineData("fifo")]
    [InlineData("dangling")]
    [InlineData("../www/index.html")]
    [InlineData("www/../../www/index.html")]
    [InlineData("www/index.html\0")]
    public async Task GetFileInfo_FindsNothing(string path)
    {
        var provider = new ImageFileProvider(await ReadAsync());

        Assert.False(provider.GetFileInfo(path).Exists);
    }

    [Fact]
    public async Task GetDirectoryContents_ListsWhatCanBeRead()
    {
        var provider = new ImageFileProvider(await ReadAsync());

        IDirectoryContents root = provider.GetDirectoryContents("");

        Assert.True(root.Exists);
        Assert.Equal(
            [("alias", true, -1L), ("home", false, 5L), ("www", true, -1L)],
            root.Select(file => (file.Name, file.IsDirectory, file.Length)));
        Assert.False(provider.GetDirectoryContents("www/index.html").Exists);
        Assert.False(provider.GetDirectoryContents("missing").Exists);
        Assert.Throws<InvalidOperationException>(() => root.First().CreateReadStream());
    }

    [Fact]
    public async Task GetFileInfo_StaysBelowTheDirectoryThatIsTheRoot()
    {
        ImageFileTree tree = await ReadAsync();
        var provider = new ImageFileProvider(tree, "/alias");

        Assert.True(provider.GetFileInfo("index.html").Exists);
        Assert.False(provider.GetFileInfo("../home").Exists);
        Assert.False(new ImageFileProvider(tree, "/missing").GetDirectoryContents("").Exists);
    }

    [Fact]
    public async Task Watch_NeverFires()
    {
        var provider = new ImageFileProvider(await ReadAsync());

        Assert.False(provider.Watch("**").HasChanged);
        Assert.False(provider.Watch("**").ActiveChangeCallbacks);
    }

    private static async Task<ImageFileTree> ReadAsync()
    {
        using var archive = new MemoryStream();
        var writer = new TarWriter(archive);
        await writer.WriteEntryAsync(Entry(TarEntryType.RegularFile, "www/index.html", size: 5));
        await writer.WriteContentAsync("hello"u8.ToArray());
        await writer.WriteEntryAsync(Entry(TarEntryType.SymbolicLink, "alias", "/www"));
        await writer.WriteEntryAsync(Entry(TarEntryType.SymbolicLink, "home", "alias/index.html"));
        await writer.WriteEntryAsync(Entry(TarEntryType.SymbolicLink, "dangling", "nowhere"));
        await writer.WriteEntryAsync(Entry(TarEntryType.Fifo, "fifo"));
        await writer.CompleteAsync();
        byte[] bytes = archive.ToArray();
        var descriptor = new Descriptor { MediaType = MediaTypes.Layer, Digest = Digest.Compute(bytes), Size = bytes.Length };
        var store = new MemoryStore();
        await store.PushAsync(descriptor, ReplayableContent.FromBytes(bytes));

        return await ImageFileTree.ReadAsync(store, [new LayerToApply(descriptor, descriptor.Digest)]);
    }

    private static TarEntry Entry(TarEntryType type, string name, string link = "", long size = 0) => new()
    {
        Type = type,
        Name = Encoding.UTF8.GetBytes(name),
        LinkName = Encoding.UTF8.GetBytes(link),
        Size = size,
        ModifiedTime = new TarTimestamp(1_000_000_000, 1234),
    };
}
