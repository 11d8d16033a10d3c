using System.Text;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.Tests.Layers;

public sealed class ImageFileTreeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Find_FollowsLinksInsideTheRoot()
    {
        ImageFileTree tree = await ReadAsync(
            [TestEntry.Directory("run"), TestEntry.File("run/pid", "1"), TestEntry.Symlink("var", "/run/../../run")],
            [TestEntry.File("var/log", "2"), TestEntry.Symlink("last", "var/log")]);

        Assert.Equal("/run/log", tree.Find("/var/log")!.DisplayPath);
        Assert.Equal("/run/log", tree.Find("last")!.DisplayPath);
        Assert.Equal(TarEntryType.SymbolicLink, tree.Find("last", followLinks: false)!.Type);
        Assert.Equal("/run", tree.Find("var/")!.DisplayPath);
        Assert.Equal("/", tree.Find("../../")!.DisplayPath);
        Assert.Equal("/", tree.Find("")!.DisplayPath);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("file/below")] // a file is no directory
    [InlineData("circle")]
    [InlineData("circle/x")]
    [InlineData("dangling")]
    [InlineData("missing/../file")] // as a process would find it
    public async Task Find_FindsNothing(string path)
    {
        ImageFileTree tree = await ReadAsync(
            [TestEntry.File("file"), TestEntry.Symlink("circle", "circle"), TestEntry.Symlink("dangling", "missing")]);

        Assert.Null(tree.Find(path));
    }

    [Fact]
    public async Task GetDescendants_ListsInPathOrderWithTheDirectoryFirst()
    {
        ImageFileTree tree = await ReadAsync(
            [TestEntry.File("b"), TestEntry.File("a-b"), TestEntry.File("a/z"), TestEntry.File("a/b/c"), TestEntry.File("\u00ff")]);

        Assert.Equal(
            ["a", "a/b", "a/b/c", "a/z", "a-b", "b", "\u00ff"],
            tree.Root.GetDescendants().Select(file => Encoding.Latin1.GetString(file.Path.Span)));
    }

    [Fact]
    public async Task ImageFile_TellsWhatTheEntrySaid()
    {
        ImageFileTree tree = await ReadAsync(
            [TestEntry.File("lower")],
            [
                TestEntry.File("d/f", "hello") with
                {
                    Mode = TestEntry.Octal("4755"), Uid = 7, Gid = 8, Time = new(9, 10), Xattrs = [("user.a", [1])],
                },
                TestEntry.HardLink("d/g", "d/f"),
                TestEntry.Character("null", 1, 3),
            ]);

        ImageFile file = tree.Find("d/f")!;

        Assert.Equal((TarEntryType.RegularFile, 5L, TestEntry.Octal("4755")), (file.Type, file.Size, file.Mode));
        Assert.Equal((7L, 8L, new TarTimestamp(9, 10)), (file.Uid, file.Gid, file.ModifiedTime));
        Assert.Equal("user.a", Encoding.UTF8.GetString(Assert.Single(file.Xattrs).Name.Span));
        Assert.Equal((1, Digest.Compute("hello"u8)), (file.LayerIndex, file.ContentDigest));
        Assert.True(file.IsSameFile(tree.Find("d/g")!));
        Assert.False(file.IsSameFile(tree.Find("lower")!));
        Assert.Equal((1L, 3L, -1), (tree.Find("null")!.DeviceMajor, tree.Find("null")!.DeviceMinor, tree.Find("null")!.LayerIndex));
        Assert.Equal((TestEntry.Octal("755"), 0L), (tree.Find("d")!.Mode, tree.Find("d")!.Uid));
        Assert.Equal(4, tree.Entries);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(3_000_000)]
    public async Task OpenReadAsync_ReadsTheContent(int size)
    {
        byte[] content = new byte[size];
        Random.Shared.NextBytes(content);
        ImageFileTree tree = await ReadAsync(
            [TestEntry.File("first"), TestEntry.File("f") with { Content = content }, TestEntry.HardLink("g", "f")]);

        await using Stream stream = await tree.OpenReadAsync(tree.Find("g")!, Token);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read, Token);

        Assert.Equal(content, read.ToArray());
    }

    [Fact]
    public async Task OpenReadAsync_RefusesWhatIsNoFileOfTheTree()
    {
        ImageFileTree tree = await ReadAsync([TestEntry.Directory("d"), TestEntry.File("f")]);
        ImageFileTree other = await ReadAsync([TestEntry.File("f")]);

        await Assert.ThrowsAsync<ArgumentException>(async () => await tree.OpenReadAsync(tree.Find("d")!, Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await tree.OpenReadAsync(other.Find("f")!, Token));
    }

    [Fact]
    public async Task OpenReadAsync_NoticesASourceThatHasOtherBytesNow()
    {
        byte[] first = await TestLayer.ArchiveAsync(TestEntry.File("f", new string('a', 100_000)));
        byte[] second = await TestLayer.ArchiveAsync(TestEntry.File("f", new string('b', 100_000)));
        var store = new MemoryStore();
        LayerToApply layer = await TestLayer.AddArchiveAsync(store, first);
        var source = new ChangingSource(store);
        ImageFileTree tree = await ImageFileTree.ReadAsync(source, [layer], cancellationToken: Token);
        source.Bytes = second;

        await using Stream stream = await tree.OpenReadAsync(tree.Find("f")!, Token);

        await Assert.ThrowsAsync<ContentVerificationException>(() => stream.CopyToAsync(Stream.Null, Token));
    }

    [Fact]
    public async Task ReadAsync_RefusesAnotherDiffId()
    {
        var store = new MemoryStore();
        LayerToApply layer = await TestLayer.AddAsync(store, TestEntry.File("f"));

        LayerException refusal = await Assert.ThrowsAsync<LayerException>(
            async () => await ImageFileTree.ReadAsync(store, [layer with { DiffId = Digest.Compute("x"u8) }], cancellationToken: Token));

        Assert.Equal(LayerErrorKind.DiffIdMismatch, refusal.Kind);
    }

    [Theory]
    [InlineData("entries")]
    [InlineData("bytes")]
    [InlineData("depth")]
    public async Task ReadAsync_KeepsItsLimits(string limit)
    {
        var options = new ImageFileTreeOptions();
        switch (limit)
        {
            case "entries":
                options.MaxEntries = 2;
                break;
            case "bytes":
                options.MaxBytes = 20;
                break;
            default:
                options.MaxDepth = 2;
                break;
        }

        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => ReadAsync(
            options, [TestEntry.File("a/b/c/d", "1234567890")], [TestEntry.File("f", "1234567890"), TestEntry.File("g", "1")]));

        Assert.Equal(LayerErrorKind.LimitExceeded, refusal.Kind);
    }

    [Fact]
    public void Apply_BoundsWhatIsHeldInMemory()
    {
        var tree = new MergedTree(maxDepth: 10, new LayerRemarks());
        tree.BeginLayer();
        byte[] value = new byte[1024 * 1024];
        var path = new EntryPath([], "f"u8.ToArray());
        TarEntry entry = TestEntry.File("f").ToTarEntry();
        var large = new TarEntry
        {
            Type = entry.Type, Name = entry.Name, Xattrs = [new TarXattr("user.a"u8.ToArray(), value)],
        };

        LayerException refusal = Assert.Throws<LayerException>(() =>
        {
            for (int i = 0; i < 513; i++)
            {
                tree.Apply(large, path, default);
            }
        });

        Assert.Equal(LayerErrorKind.LimitExceeded, refusal.Kind);
    }

    [Fact]
    public async Task WriteArchiveAsync_GivesTheSameBytesEachTime()
    {
        ImageFileTree tree = await ReadAsync(
            [TestEntry.File("b", "1"), TestEntry.File("a/x", "2"), TestEntry.Symlink("l", "a")],
            [TestEntry.File("a/.wh.x"), TestEntry.File("c", "3"), TestEntry.HardLink("d", "b"), TestEntry.Fifo("p")]);

        using var first = new MemoryStream();
        FlattenedArchive written = await tree.WriteArchiveAsync(first, Token);
        using var second = new MemoryStream();
        await tree.WriteArchiveAsync(second, Token);

        Assert.Equal(first.ToArray(), second.ToArray());
        Assert.Equal((7L, 2L, first.Length), (written.Entries, written.Bytes, written.Size));
        Assert.Equal(Digest.Compute(first.ToArray()), written.DiffId);
        first.Position = 0;
        using var reader = new TarReader(first);
        var names = new List<string>();
        while (await reader.ReadNextAsync(Token) is { } entry)
        {
            names.Add(entry.DisplayName);
        }

        Assert.Equal(["./", "a/", "b", "c", "l", "p", "d"], names);
    }

    private static Task<ImageFileTree> ReadAsync(params TestEntry[][] layers) => ReadAsync(null, layers);

    private static async Task<ImageFileTree> ReadAsync(ImageFileTreeOptions? options, params TestEntry[][] layers)
    {
        var store = new MemoryStore();
        var added = new List<LayerToApply>();
        foreach (TestEntry[] layer in layers)
        {
            added.Add(await TestLayer.AddAsync(store, layer));
        }

        return await ImageFileTree.ReadAsync(store, added, options, Token);
    }

    // Says whatever it was told, under a descriptor that fits the bytes: the tree alone can notice.
    private sealed class ChangingSource(MemoryStore store) : IContentFetcher
    {
        public byte[]? Bytes { get; set; }

        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            Bytes is null
                ? store.OpenReadAsync(descriptor, cancellationToken)
                : new(new ContentStream(
                    new MemoryStream(Bytes),
                    new Descriptor { MediaType = descriptor.MediaType, Digest = Digest.Compute(Bytes), Size = Bytes.Length }));
    }
}
