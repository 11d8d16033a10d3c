using System.Net.Sockets;
using System.Text;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.Tar;
using OciImage.TestKit;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

/// <summary>The cases of containerd's, continuity's, moby's and umoci's tests of differences, and ours.</summary>
public sealed class LayerDiffTests
{
    private static readonly TarTimestamp Later = new(1_600_000_000, 5);
    private static readonly TarTimestamp WholeSecond = new(1_600_000_000, 0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // containerd EmptyDiff, umoci "empty diff"
    public async Task WriteAsync_StoresNothingWhereNothingDiffers()
    {
        TestEntry[] tree = [Directory("d"), File("d/f"), Symlink("l", "d/f"), HardLink("h", "d/f"), Fifo("p")];
        using DiffFixture fixture = await DiffFixture.CreateAsync(tree, tree);
        var target = new MemoryStore();

        Assert.Null(await LayerDiff.WriteAsync(target, fixture.Lower, fixture.Upper, null, Token));
        Assert.Null(await fixture.DiffFromManifestAsync());
        Assert.Null(await fixture.DiffAsync(new LayerDiffOptions { CompareContent = ContentComparison.Always }));
        await fixture.AssertAppliesAsync();
    }

    [Fact] // containerd ParentInclusion
    public async Task WriteAsync_HasTheDirectoriesAboveEachDifference()
    {
        TestEntry[] lower = [Directory("a", "700"), Directory("a/b", "711"), Directory("a/b/c"), File("a/b/c/f"), Directory("z"), File("z/f")];
        using DiffFixture fixture = await DiffFixture.CreateAsync(lower, [.. lower, File("a/b/c/f", "new") with { Time = Later }]);

        Assert.Equal(["a/", "a/b/", "a/b/c/", "a/b/c/f"], await fixture.ListAsync());
        IReadOnlyList<TarEntry> entries = await fixture.ReadAsync((await fixture.DiffAsync())!);
        Assert.Equal([Octal("700"), Octal("711")], entries.Take(2).Select(entry => entry.Mode));
        Assert.All(entries.Take(3), entry => Assert.Equal(DiffFixture.Time, entry.ModifiedTime));
        await fixture.AssertAppliesAsync();
    }

    [Fact] // containerd UpdateDirectoryPermission, moby TestChangesDirsMutated
    public async Task WriteAsync_HasADirectoryWhoseMetadataDiffers()
    {
        TestEntry[] lower = [Directory("a"), File("a/f"), Directory("b"), Directory("c/d"), Directory("c/e")];
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            lower, [.. lower, Directory("a", "1777"), Directory("b") with { Time = Later }, Directory("c/e") with { Uid = 7 }]);

        string[] changed = Environment.IsPrivilegedProcess ? ["a/", "b/", "c/", "c/e/"] : ["a/", "b/"];
        Assert.Equal(changed, await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact] // containerd WhiteoutIncludesParents
    public async Task WriteAsync_RemovesAFileWithOneWhiteoutBeforeItsSiblings()
    {
        TestEntry[] lower = [Directory("a"), File("a/-first"), File("a/gone"), File("a/also"), File("a/stays")];
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            lower, [Directory("a"), File("a/-first", "new") with { Time = Later }, File("a/stays")]);

        Assert.Equal(["a/", "a/.wh.also", "a/.wh.gone", "a/-first"], await fixture.ListAsync());
        TarEntry whiteout = (await fixture.ReadAsync((await fixture.DiffAsync())!))[1];
        Assert.Equal((TarEntryType.RegularFile, 0, 0, 0), (whiteout.Type, whiteout.Size, whiteout.Uid, whiteout.Gid));
        Assert.Equal(default, whiteout.ModifiedTime);
        await fixture.AssertAppliesAsync();
    }

    [Fact] // containerd WhiteoutParentRemoval
    public async Task WriteAsync_RemovesADirectoryWithOneWhiteout()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("x/a/1"), File("x/a/b/2"), File("x/c"), File("x/.wide/d/e/f")], [File("x/c")]);

        Assert.Equal(["x/", "x/.wh..wide", "x/.wh.a"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact] // continuity RemoveDirectoryTreeWithDash: the slash sorts before all else
    public async Task WriteAsync_TakesDashesForWhatTheyAre()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("b/a/f"), File("b/a-b/f"), File("b/a-b-c/f"), File("b/a.x"), File("b/a/-")],
            [File("b/a-b/f"), File("b/a.x"), File("b/a-b/-"), File("b/a!")]);

        Assert.Equal(
            ["b/", "b/.wh.a", "b/.wh.a-b-c", "b/a!", "b/a-b/", "b/a-b/-"],
            [.. (await fixture.ListAsync())]);
        await fixture.AssertAppliesAsync();
    }

    [Fact] // continuity DirectoryReplace
    public async Task WriteAsync_ReplacesWhatADirectoryHas()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("d/1"), File("d/2"), File("d/sub/3"), File("d/same")],
            [File("d/2", "other") with { Time = Later }, File("d/sub2/3"), File("d/same"), File("d/sub", "now a file")]);

        Assert.Equal(["d/", "d/.wh.1", "d/2", "d/sub", "d/sub2/", "d/sub2/3"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Theory] // one kind becomes another; what was below goes with it, without a whiteout of its own
    [InlineData("dir", "file")]
    [InlineData("file", "dir")]
    [InlineData("dir", "symlink")]
    [InlineData("symlink", "dir")]
    [InlineData("file", "symlink")]
    [InlineData("fifo", "file")]
    [InlineData("symlink", "fifo")]
    [InlineData("dir", "fifo")]
    public async Task WriteAsync_ReplacesOneKindByAnother(string before, string after)
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([.. Make(before), File("other")], [.. Make(after), File("other")]);

        Assert.Equal(Make(after).Select(entry => entry.Type == TarEntryType.Directory ? entry.Name + "/" : entry.Name), await fixture.ListAsync());
        await fixture.AssertAppliesAsync();

        static TestEntry[] Make(string kind) => kind switch
        {
            "dir" => [Directory("x"), File("x/below"), Directory("x/deep"), File("x/deep/er")],
            "symlink" => [Symlink("x", "other")],
            "fifo" => [Fifo("x")],
            _ => [File("x")],
        };
    }

    [Theory]
    [InlineData(123, 123, ContentComparison.Automatic, false)] // with nanoseconds a time says that nothing was written
    [InlineData(0, 0, ContentComparison.Automatic, true)] // continuity UpdateWithSameTime
    [InlineData(0, 0, ContentComparison.Never, false)]
    [InlineData(123, 123, ContentComparison.Always, true)]
    [InlineData(0, 123, ContentComparison.Never, true)] // moby GH13590: a time that was cut is another time
    [InlineData(123, 0, ContentComparison.Never, true)]
    public async Task WriteAsync_ComparesContentAsItIsTold(int before, int after, ContentComparison comparison, bool differs)
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("f", "12345") with { Time = WholeSecond with { Nanoseconds = before } }],
            [File("f", "54321") with { Time = WholeSecond with { Nanoseconds = after } }]);

        Assert.Equal(differs ? ["f"] : [], await fixture.ListAsync(new LayerDiffOptions { CompareContent = comparison }));
    }

    [Fact]
    public async Task WriteAsync_FindsOneByteInALargeFile()
    {
        string content = new('x', 1_000_000);
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("f", content + "a") with { Time = WholeSecond }, File("same", content) with { Time = WholeSecond }],
            [File("f", content + "b") with { Time = WholeSecond }, File("same", content) with { Time = WholeSecond }]);

        Assert.Equal(["f"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Theory]
    [InlineData("mode")]
    [InlineData("owner")]
    [InlineData("group")]
    [InlineData("size")]
    [InlineData("time")]
    [InlineData("xattr")]
    [InlineData("other xattr")]
    [InlineData("no xattr")]
    [InlineData("target")]
    [InlineData("capability")]
    [InlineData("device")]
    public async Task WriteAsync_SeesEachAttribute(string attribute)
    {
        Assert.SkipUnless(
            Environment.IsPrivilegedProcess || attribute is not ("owner" or "group" or "capability" or "device"),
            "Owners, devices and capabilities need root.");
        byte[] capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        TestEntry file = File("x") with { Xattrs = [("user.a", [1, 0, 2])] };
        (TestEntry Before, TestEntry After) change = attribute switch
        {
            "mode" => (file, file with { Mode = Octal("4644") }),
            "owner" => (file, file with { Uid = 7 }),
            "group" => (file, file with { Gid = 7 }),
            "size" => (file, file with { Content = [1] }),
            "time" => (file, file with { Time = DiffFixture.Time with { Nanoseconds = 1 } }),
            "xattr" => (file, file with { Xattrs = [("user.a", [1, 0, 3])] }),
            "other xattr" => (file, file with { Xattrs = [("user.b", [1, 0, 2])] }),
            "no xattr" => (file, file with { Xattrs = [] }),
            "target" => (Symlink("x", "one"), Symlink("x", "two")),
            "capability" => (file, file with { Xattrs = [.. file.Xattrs, ("security.capability", capability)] }),
            _ => (Character("x", 1, 3), Character("x", 1, 5)),
        };
        using DiffFixture fixture = await DiffFixture.CreateAsync([change.Before, File("other")], [change.After, File("other")]);
        Assert.SkipUnless(TestXattrs.IsSupported(fixture.Lower), "The file system has no user attributes.");

        Assert.Equal(["x"], (await fixture.ListAsync()).Where(name => name != "./"));
        await fixture.AssertAppliesAsync();
    }

    [Fact] // umoci, P06
    public async Task WriteAsync_HasTheRootOnlyWhereItDiffers()
    {
        using var fixture = new DiffFixture();
        await fixture.MakeAsync(fixture.Lower, File("f"));
        await fixture.MakeAsync(fixture.Upper, Directory(".", "711") with { Time = Later }, File("f"));

        Assert.Equal(["./"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact]
    public async Task WriteAsync_HasTheWholeTreeWhereThereWasNone()
    {
        using var fixture = new DiffFixture();
        await fixture.MakeAsync(fixture.Upper, File("a/f"), HardLink("b", "a/f"));

        WrittenLayer? layer = await LayerDiff.WriteAsync(fixture.Store, TreeManifest.Empty, fixture.Upper, null, Token);

        IReadOnlyList<TarEntry> entries = await fixture.ReadAsync(layer!);
        Assert.Equal(["./", "a/", "a/f", "b"], entries.Select(entry => entry.DisplayName));
        Assert.Equal((4, 4), (layer!.Entries, entries.Count));
    }

    [Fact]
    public async Task WriteAsync_KeepsNamesThatAreNotUtf8AndLongOnes()
    {
        string longest = new('n', 255);
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("d\u00ff/\u00fe"), File("gone\u0080"), File(longest)],
            [File("d\u00ff/\u00fe", "new") with { Time = Later }, File("new\u00ff\u0001\\ \n"), Symlink("l", "\u00ff")]);

        Assert.Equal(
            [".wh.gone\u0080", $".wh.{longest}", "d\u00ff/", "d\u00ff/\u00fe", "l", "new\u00ff\u0001\\ \n"],
            await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact] // containerd IgnoreSockets
    public async Task WriteAsync_TakesASocketForNothing()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([File("was"), File("f")], [File("f")]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(fixture.Upper, "was")));
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(Path.Combine(fixture.Lower, "old")));

        Assert.Equal([".wh.was"], (await fixture.ListAsync()).Where(name => name != "./"));
        LayerRemark remark = Assert.Single((await fixture.DiffAsync())!.Remarks);
        Assert.Equal((LayerRemarkKind.FileType, "was"), (remark.Kind, remark.Path));
    }

    [Theory] // W24
    [InlineData("lower", ".wh.f")]
    [InlineData("upper", ".wh.f")]
    [InlineData("upper", ".wh..wh..opq")]
    [InlineData("upper", "same/.wh.f")]
    public async Task WriteAsync_RefusesNamesOfWhiteouts(string where, string name)
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([Directory("same")], [Directory("same")]);
        System.IO.File.WriteAllText(Path.Combine(where == "lower" ? fixture.Lower : fixture.Upper, name), "");

        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => fixture.DiffAsync());

        Assert.Equal((LayerErrorKind.Unsupported, name), (refusal.Kind, refusal.EntryName));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WriteAsync_LeavesNoLayerWhenAFileChangesMeanwhile(bool sameSize)
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([], [File("a", new string('a', 1_000_000)), File("b", "12345")]);
        var target = new MeddlingIngester(fixture.Store, () =>
            System.IO.File.WriteAllText(Path.Combine(fixture.Upper, "b"), sameSize ? "54321" : "123456"));

        await Assert.ThrowsAnyAsync<IOException>(() => LayerDiff.WriteAsync(
            target, fixture.Lower, fixture.Upper, new LayerDiffOptions { Compression = CompressionFormat.None }, Token).AsTask());

        Assert.Null(await fixture.Store.GetIngestStatusAsync(target.Key!, Token));
    }

    [Fact] // containerd TestSourceDateEpoch, umoci SourceDateEpochClamping and PreservesOldTimestamps
    public async Task WriteAsync_SetsLaterTimesToTheClampAndKeepsOwners()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("gone")], [Directory("d"), File("d/late") with { Time = Later }, File("early") with { Time = new TarTimestamp(-5, 1) }]);
        var clamp = DateTimeOffset.FromUnixTimeSeconds(1_550_000_000);

        WrittenLayer? layer = await fixture.DiffAsync(new LayerDiffOptions { ClampTimesTo = clamp, Owner = (5, 6) });

        IReadOnlyList<TarEntry> entries = await fixture.ReadAsync(layer!);
        Assert.Equal(
            [(".wh.gone", 0, 0), ("d/", 1_500_000_000, 5), ("d/late", 1_550_000_000, 5), ("early", -5, 5)],
            entries.Select(entry => (entry.DisplayName, (int)entry.ModifiedTime.Seconds, (int)entry.Uid)));
    }

    [Theory]
    [InlineData(CompressionFormat.None, false, MediaTypes.Layer)]
    [InlineData(CompressionFormat.Zstd, false, MediaTypes.LayerZstd)]
    [InlineData(CompressionFormat.Gzip, true, MediaTypes.DockerLayerGzip)]
    public async Task WriteAsync_DescribesWhatItWrote(CompressionFormat format, bool docker, string mediaType)
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([], [File("f")]);
        var options = new LayerDiffOptions { Compression = format, DockerMediaTypes = docker };

        Assert.Equal(mediaType, (await fixture.DiffAsync(options))!.Descriptor.MediaType);
        Assert.Equal(["f"], await fixture.ListAsync(options));
    }

    [Fact]
    public async Task WriteAsync_FollowsNoLinkInATree()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [Directory("d"), File("d/f"), Symlink("l", "d")], [Directory("d"), File("d/f"), Symlink("l", "/etc")]);

        Assert.Equal(["l"], await fixture.ListAsync());
    }

    [Fact]
    public async Task WriteAsync_RefusesWhatCannotBeUsed()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([], [File("f")]);
        string file = Path.Combine(fixture.Upper, "f");
        string missing = fixture.Combine("missing");

        await Assert.ThrowsAnyAsync<IOException>(() => LayerDiff.WriteAsync(fixture.Store, missing, fixture.Upper, null, Token).AsTask());
        await Assert.ThrowsAnyAsync<IOException>(() => LayerDiff.WriteAsync(fixture.Store, fixture.Lower, missing, null, Token).AsTask());
        await Assert.ThrowsAnyAsync<IOException>(() => LayerDiff.WriteAsync(fixture.Store, fixture.Lower, file, null, Token).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => LayerDiff.WriteAsync(null!, fixture.Lower, fixture.Upper, null, Token).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() =>
            LayerDiff.WriteAsync(fixture.Store, (TreeManifest)null!, fixture.Upper, null, Token).AsTask());
        Assert.Throws<ArgumentOutOfRangeException>(() => new LayerDiffOptions { CompareContent = (ContentComparison)9 });
    }

    [Fact]
    public async Task WriteAsync_StopsWhenItIsCancelled()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([], [File("f")]);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            LayerDiff.WriteAsync(fixture.Store, fixture.Lower, fixture.Upper, null, cancelled.Token).AsTask());
    }

    [Fact]
    public async Task WriteAsync_GivesTheSameLayerWhateverTheOrderOfCreation()
    {
        TestEntry[] tree = [File("a"), File("b/c"), HardLink("h", "a"), Symlink("s", "x"), File("b/\u00ff"), File("b-c")];
        using DiffFixture fixture = await DiffFixture.CreateAsync([File("gone")], tree);
        WrittenLayer? first = await fixture.DiffAsync();
        using DiffFixture other = await DiffFixture.CreateAsync([File("gone")], [.. tree.Reverse().OrderBy(entry => entry.Type == TarEntryType.HardLink)]);

        Assert.Equal(first, await other.DiffAsync());
    }

    [Fact]
    public async Task WriteAsync_FindsOneNewFileAmongMany()
    {
        int files = Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1" ? 100_000 : 2_000;
        TestEntry[] tree = [.. Enumerable.Range(0, files).Select(i => File($"d{i / 1000}/f{i}", "12345"))];
        using DiffFixture fixture = await DiffFixture.CreateAsync(tree, [.. tree, File("d1/new")]);

        WrittenLayer? layer = await fixture.DiffAsync();

        Assert.Equal(2, layer!.Entries);
    }

    [Fact]
    public async Task WriteAsync_ComparesTreesOfAnyDepth()
    {
        string deep = string.Join('/', Enumerable.Repeat("d", 1000));
        using DiffFixture fixture = await DiffFixture.CreateAsync([Directory(deep)], [Directory(deep), File(deep + "/f")]);

        Assert.Equal(1001, (await fixture.ListAsync()).Length);
    }
}
