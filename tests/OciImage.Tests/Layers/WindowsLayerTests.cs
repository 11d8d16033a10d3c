using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Tests.Layers;

public sealed class WindowsLayerTests
{
    private static readonly TestEntry[] Layer =
    [
        TestEntry.Directory("Files"),
        TestEntry.File("Files/Windows/notepad.exe", "exe"),
        TestEntry.HardLink("Files/edit.exe", "Files/Windows/notepad.exe"),
        TestEntry.Directory("Hives"),
        TestEntry.File("Hives/System_Delta", "hive"),
    ];

    [Fact]
    public async Task UnpackAsync_RefusesThemByName()
    {
        using var fixture = new UnpackFixture();

        LayerException refusal = await fixture.RefuseAsync(Layer);

        Assert.Equal((LayerErrorKind.Unsupported, "Hives/"), (refusal.Kind, refusal.EntryName));
        Assert.Contains("Windows", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_RefusesThemByName()
    {
        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => ReadAsync(WindowsLayerPolicy.Refuse, Layer));

        Assert.Equal(LayerErrorKind.Unsupported, refusal.Kind);
    }

    [Fact]
    public async Task UnpackAsync_TakesTheirFilesByChoice()
    {
        using var fixture = new UnpackFixture
        {
            Options = new UnpackOptions { WindowsLayers = WindowsLayerPolicy.FilesOnly },
        };

        UnpackReport report = await fixture.UnpackAsync(
            Layer, [TestEntry.File("Files/.wh.edit.exe"), TestEntry.File("Files/new")]);

        Assert.Equal(["Windows", "Windows/notepad.exe", "new"], fixture.Paths());
        Assert.Equal(["Hives/", "Hives/System_Delta"], report.Remarks.Select(remark => remark.Path));
    }

    [Fact]
    public async Task ReadAsync_TakesTheirFilesByChoice()
    {
        ImageFileTree tree = await ReadAsync(WindowsLayerPolicy.FilesOnly, Layer);

        Assert.Equal(
            ["/Windows", "/Windows/notepad.exe", "/edit.exe"], tree.Root.GetDescendants().Select(file => file.DisplayPath));
    }

    [Fact]
    public async Task ReadAsync_TakesThemVerbatimByChoice()
    {
        ImageFileTree tree = await ReadAsync(WindowsLayerPolicy.Verbatim, Layer);

        Assert.NotNull(tree.Find("Hives/System_Delta"));
        Assert.NotNull(tree.Find("Files/edit.exe"));
    }

    [Fact]
    public async Task ReadAsync_RefusesALinkOutOfTheFiles()
    {
        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => ReadAsync(
            WindowsLayerPolicy.FilesOnly, [TestEntry.File("Hives/x"), TestEntry.HardLink("Files/y", "Hives/x")]));

        Assert.Equal(LayerErrorKind.Unsafe, refusal.Kind);
    }

    [Fact]
    public async Task UnpackAsync_TakesADirectoryOfThatNameForWhatItIs()
    {
        using var fixture = new UnpackFixture();

        await fixture.UnpackAsync([TestEntry.File("Files/a"), TestEntry.File("usr/Hives/b")]);

        Assert.True(fixture.Exists("Files/a"));
    }

    private static async Task<ImageFileTree> ReadAsync(WindowsLayerPolicy policy, params TestEntry[] layer)
    {
        var store = new MemoryStore();
        return await ImageFileTree.ReadAsync(
            store,
            [await TestLayer.AddAsync(store, layer)],
            new ImageFileTreeOptions { WindowsLayers = policy },
            TestContext.Current.CancellationToken);
    }
}
