using OciImage.Content;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Tests.Layers;

/// <summary>The tree of systems other than Linux, made here by their rules.</summary>
public sealed class PortableUnpackTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Target => _directory.Combine("target");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task UnpackAsync_MakesTheMergedTree()
    {
        UnpackReport report = await UnpackAsync(
            NameRules.MacOS,
            [TestEntry.File("a/gone"), TestEntry.Directory("a", "500") with { Time = new(1_000_000_000, 0) }, TestEntry.File("a/f", "1")],
            [
                TestEntry.File("a/.wh.gone"),
                TestEntry.File("b", "") with { Mode = TestEntry.Octal("640"), Time = new(1_200_000_000, 500) },
                TestEntry.Symlink("l", "a/f"),
                TestEntry.HardLink("h", "a/f"),
            ]);

        Assert.Equal(["a", "a/f", "b", "h", "l"], Paths());
        Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(Target, "l"), TestContext.Current.CancellationToken));
        Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(Target, "h"), TestContext.Current.CancellationToken));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(1_000_000_000), Directory.GetLastWriteTimeUtc(Path.Combine(Target, "a")));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(1_200_000_000).AddTicks(5), File.GetLastWriteTimeUtc(Path.Combine(Target, "b")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(TestEntry.Octal("640"), (int)new FileInfo(Path.Combine(Target, "b")).UnixFileMode);
            Assert.Equal(TestEntry.Octal("700"), (int)new DirectoryInfo(Path.Combine(Target, "a")).UnixFileMode);
        }

        Assert.Equal((7L, 2L), (report.Entries, report.Bytes));
        Assert.Equal((LayerRemarkKind.FileType, "/a/f"), Remark(Assert.Single(report.Remarks)));
    }

    [Fact]
    public async Task UnpackAsync_SkipsAndReportsWhatTheSystemCannotHave()
    {
        UnpackReport report = await UnpackAsync(
            NameRules.Windows,
            [
                TestEntry.File("NUL.txt"), TestEntry.File("a:b"), TestEntry.File("dir /below"), TestEntry.File("ok"),
                TestEntry.Fifo("fifo"), TestEntry.Character("dev", 1, 3),
                TestEntry.File("suid") with { Mode = TestEntry.Octal("4755") },
                TestEntry.File("attr") with { Xattrs = [("user.a", [1])] },
            ]);

        Assert.Equal(["attr", "ok", "suid"], Paths());
        Assert.Equal(
            [
                (LayerRemarkKind.Device, "/dev"), (LayerRemarkKind.FileType, "/fifo"), (LayerRemarkKind.Mode, "/suid"),
                (LayerRemarkKind.Name, "/NUL.txt"), (LayerRemarkKind.Name, "/a:b"), (LayerRemarkKind.Name, "/dir "),
                (LayerRemarkKind.Xattr, "/attr"),
            ],
            report.Remarks.Select(Remark).OrderBy(remark => remark.ToString(), StringComparer.Ordinal));
    }

    [Fact]
    public async Task UnpackAsync_KeepsTheFirstOfNamesThatAreOne()
    {
        UnpackReport report = await UnpackAsync(
            NameRules.MacOS, [TestEntry.File("A", "1"), TestEntry.File("a/b", "2"), TestEntry.File("\u00c3\u00a9", "3")]);

        Assert.Equal(["A", "\u00e9"], Paths());
        Assert.Equal((LayerRemarkKind.Name, "/a"), Remark(Assert.Single(report.Remarks)));
    }

    [Fact]
    public async Task UnpackAsync_RefusesNamesByChoice()
    {
        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => UnpackAsync(
            new UnpackOptions { Names = NamePolicy.Refuse }, NameRules.Windows, [TestEntry.File("ok"), TestEntry.File("NUL")]));

        Assert.Equal((LayerErrorKind.Unsupported, "/NUL"), (refusal.Kind, refusal.EntryName));
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task UnpackAsync_RefusesDirectoriesThatOnlyTheFileSystemTakesForOne()
    {
        var files = new FoldingFileSystem { Rules = NameRules.Unix };

        LayerException refusal = await Assert.ThrowsAsync<LayerException>(
            () => UnpackAsync(new UnpackOptions { PortableFiles = files }, null, [TestEntry.File("A/f"), TestEntry.File("a/g")]));

        Assert.Equal(LayerErrorKind.Unsupported, refusal.Kind);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Theory] // L16, L20
    [InlineData("/etc/passwd")]
    [InlineData("../../outside")]
    [InlineData("d/../../x")]
    [InlineData("self/e/../..")] // only where 'self' is a link to where it stands does this leave
    [InlineData("absolute/x")] // over a link that leaves
    [InlineData("loop/x")]
    [InlineData("missing/../..")]
    public async Task UnpackAsync_MakesNoLinkThatLeavesTheTree(string target)
    {
        UnpackReport report = await UnpackAsync(
            NameRules.MacOS,
            [
                TestEntry.Directory("d"), TestEntry.Directory("e"), TestEntry.Symlink("self", "."),
                TestEntry.Symlink("absolute", "/tmp"), TestEntry.Symlink("loop", "loop"), TestEntry.Symlink("link", target),
            ]);

        Assert.Equal(["d", "e", "self"], Paths());
        Assert.Contains((LayerRemarkKind.FileType, "/link"), report.Remarks.Select(Remark));
    }

    [Theory]
    [InlineData("C:../../x")]
    [InlineData("d/NUL")]
    [InlineData("\\\\?\\C:\\x")]
    [InlineData("a\\..\\..\\x")]
    public async Task UnpackAsync_MakesNoLinkThatWindowsReadsAsSomethingElse(string target)
    {
        UnpackReport report = await UnpackAsync(NameRules.Windows, [TestEntry.Symlink("link", target)]);

        Assert.Empty(Paths());
        Assert.Equal((LayerRemarkKind.FileType, "/link"), Remark(Assert.Single(report.Remarks)));
    }

    [Fact]
    public async Task UnpackAsync_ReportsLinksThatTheSystemRefuses()
    {
        var files = new FoldingFileSystem { Rules = NameRules.Windows, RefusesLinks = true };

        UnpackReport report = await UnpackAsync(
            new UnpackOptions { PortableFiles = files }, null, [TestEntry.File("f"), TestEntry.Symlink("l", "f")]);

        Assert.Equal(["f"], Paths());
        Assert.Equal((LayerRemarkKind.FileType, "/l"), Remark(Assert.Single(report.Remarks)));
    }

    [Fact]
    public async Task UnpackAsync_ReplacesATargetOnlyByChoiceAndKeepsItOnFailure()
    {
        _directory.WriteFile("target/old", "old");

        await Assert.ThrowsAsync<IOException>(() => UnpackAsync(NameRules.MacOS, [TestEntry.File("new")]));
        await Assert.ThrowsAsync<LayerException>(
            () => UnpackAsync(new UnpackOptions { Force = true }, NameRules.MacOS, [TestEntry.File("../x")]));
        Assert.Equal(["old"], Paths());

        await UnpackAsync(new UnpackOptions { Force = true }, NameRules.MacOS, [TestEntry.File("new")]);

        Assert.Equal(["new"], Paths());
        Assert.Equal([Target], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Theory]
    [InlineData(OwnerPolicy.Keep, DevicePolicy.Automatic)]
    [InlineData(OwnerPolicy.Automatic, DevicePolicy.Create)]
    public async Task UnpackAsync_RefusesWhatOnlyLinuxCanDo(OwnerPolicy owners, DevicePolicy devices)
    {
        var options = new UnpackOptions { Owners = owners, Devices = devices };

        await Assert.ThrowsAsync<PlatformNotSupportedException>(() => UnpackAsync(options, NameRules.MacOS, [TestEntry.File("f")]));

        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    private static (LayerRemarkKind, string) Remark(LayerRemark remark) => (remark.Kind, remark.Path!);

    private Task<UnpackReport> UnpackAsync(NameRules rules, params TestEntry[][] layers) =>
        UnpackAsync(new UnpackOptions(), rules, layers);

    private async Task<UnpackReport> UnpackAsync(UnpackOptions options, NameRules? rules, params TestEntry[][] layers)
    {
        var store = new MemoryStore();
        var added = new List<LayerToApply>();
        foreach (TestEntry[] layer in layers)
        {
            added.Add(await TestLayer.AddAsync(store, layer));
        }

        if (rules is not null)
        {
            options.PortableFiles = new PortableFileSystem { Rules = rules };
        }

        return await LayerUnpacker.UnpackAsync(store, added, Target, options, TestContext.Current.CancellationToken);
    }

    private string[] Paths()
    {
        var paths = new List<string>();
        var left = new Stack<DirectoryInfo>([new DirectoryInfo(Target)]);
        while (left.TryPop(out DirectoryInfo? directory))
        {
            foreach (FileSystemInfo info in directory.EnumerateFileSystemInfos())
            {
                paths.Add(Path.GetRelativePath(Target, info.FullName).Replace('\\', '/'));
                if (info is DirectoryInfo { LinkTarget: null } child)
                {
                    left.Push(child);
                }
            }
        }

        return [.. paths.Order(StringComparer.Ordinal)];
    }
}
