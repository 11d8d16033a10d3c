using System.Diagnostics;
using OciImage.Layers;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

public sealed class LayerUnpackerWhiteoutTests : IDisposable
{
    private readonly UnpackFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData(".wh.")] // W01
    [InlineData("etc/.wh.")]
    [InlineData(".wh..")] // W02
    [InlineData("etc/.wh..")]
    [InlineData(".wh...")] // W03
    [InlineData("etc/.wh...")]
    [InlineData(".wh.etc/somefile")] // W14: a literal name like this could never be packed again
    public async Task UnpackAsync_RefusesWhiteoutsOfNothing(string name)
    {
        LayerException refusal = await _tree.RefuseAsync([File("etc/file")], [File(name, "")]);

        Assert.Equal(LayerErrorKind.Unsafe, refusal.Kind);
    }

    [Fact]
    public async Task UnpackAsync_RemovesWhatIsThereAndNothingElse()
    {
        UnpackReport report = await _tree.UnpackAsync(
            [File("file"), File("dir/a/b"), File("dir/c"), Symlink("link", "dir"), File("kept")],
            [File(".wh.file", ""), File(".wh.dir", ""), File(".wh.link", ""), File(".wh.missing", ""), File("no/such/.wh.x", "")]); // W04

        Assert.Equal(["kept"], _tree.Paths());
        Assert.Empty(report.Remarks);
    }

    [Theory]
    [InlineData(true)] // W05
    [InlineData(false)] // W06
    public async Task UnpackAsync_KeepsWhatTheSameLayerAdds(bool addFirst)
    {
        TestEntry[] layer = [File("f", "new"), File(".wh.f", "")];

        await _tree.UnpackAsync([File("f", "old")], addFirst ? layer : [.. layer.Reverse()]);

        Assert.Equal("new", _tree.Read("f"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UnpackAsync_EmptiesADirectoryThatTheSameLayerFills(bool addFirst) // W12
    {
        TestEntry[] layer = [File("dir/sub/new"), File(".wh.dir", "")];

        await _tree.UnpackAsync(
            [Directory("dir", "700") with { Time = new(1000, 0) }, File("dir/old"), File("dir/sub/old"), File("dir/other/old")],
            addFirst ? layer : [.. layer.Reverse()]);

        Assert.Equal(["dir", "dir/sub", "dir/sub/new"], _tree.Paths());
        Assert.Equal(Octal("755"), _tree.StatusOf("dir").Permissions);
        Assert.Equal(0, _tree.StatusOf("dir").ModifiedSeconds);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task UnpackAsync_HidesAllLowerSiblingsWhereverTheOpaqueMarkerStands(int position)
    {
        List<TestEntry> layer = [Directory("dir", "711"), File("dir/new"), File("dir/sub/new")];
        layer.Insert(position, File("dir/.wh..wh..opq", ""));

        await _tree.UnpackAsync([File("dir/old"), File("dir/sub/old"), File("dir/gone/old"), File("kept")], [.. layer]);

        Assert.Equal(["dir", "dir/new", "dir/sub", "dir/sub/new", "kept"], _tree.Paths());
        Assert.Equal(Octal("711"), _tree.StatusOf("dir").Permissions);
    }

    [Fact]
    public async Task UnpackAsync_AppliesOpaqueMarkersAtTheRootAndWhereNothingIs()
    {
        await _tree.UnpackAsync([File("a"), File("b/c")], [File(".wh..wh..opq", ""), File("no/.wh..wh..opq", ""), File("d")]);

        Assert.Equal(["d"], _tree.Paths());
    }

    [Fact]
    public async Task UnpackAsync_AppliesWhiteoutsToLaterLayersOnly()
    {
        await _tree.UnpackAsync([File(".wh.f", ""), File("f")], [File("g")], [File(".wh.g", ""), File(".wh.f", "")], [File("g", "again")]);

        Assert.Equal(["g"], _tree.Paths());
        Assert.Equal("again", _tree.Read("g"));
    }

    [Fact]
    public async Task UnpackAsync_KeepsAFileThatOnlyTheWhiteoutsOwnLayerLinks()
    {
        await _tree.UnpackAsync([File("old", "x")], [HardLink("new", "old"), File(".wh.old", "")]);

        Assert.Equal(["new"], _tree.Paths());
        Assert.Equal("x", _tree.Read("new"));
    }

    [Fact]
    public async Task UnpackAsync_ResolvesTheDirectoryOfAWhiteoutInTheRoot() // W10
    {
        await _tree.UnpackAsync(
            [File("etc/x"), File("etc/y"), Symlink("localetc", "/etc")], [File("localetc/.wh.x", ""), File("localetc/y", "new"), File("etc/.wh.y", "")]);

        Assert.Equal(["etc", "etc/y", "localetc"], _tree.Paths());
        Assert.Equal("new", _tree.Read("etc/y"));
    }

    [Fact]
    public async Task UnpackAsync_IgnoresTheBookkeepingOfAufs() // W15
    {
        await _tree.UnpackAsync([File(".wh..wh.plnk/x"), File(".wh..wh.aufs", ""), Directory(".wh..wh.orph"), File("dir/.wh..wh.plnk/1/2")]);

        Assert.Empty(_tree.Paths());
    }

    [Fact]
    public async Task UnpackAsync_AppliesManyMarkersInTimeThatGrowsWithTheLayer() // W23
    {
        // Every marker once more walking the directory would be 16 million entries.
        TestEntry[] files = [.. Enumerable.Range(0, 4000).Select(i => File($"a/b/{i}", ""))];
        IEnumerable<TestEntry> markers = Enumerable.Range(0, 4000).SelectMany(
            _ => new[] { File("a/b/.wh..wh..opq", ""), File("a/.wh..wh..opq", ""), File("a/.wh.b", ""), File(".wh.a", "") });
        long start = Stopwatch.GetTimestamp();

        await _tree.UnpackAsync([File("a/b/old")], [.. files, .. markers]);

        Assert.Equal(4002, _tree.Paths().Length);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20));
    }
}
