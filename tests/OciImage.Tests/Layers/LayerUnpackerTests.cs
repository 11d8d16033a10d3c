using System.Text;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.Tar;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

public sealed class LayerUnpackerTests : IDisposable
{
    private readonly UnpackFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public async Task UnpackAsync_WritesEveryKindOfEntry()
    {
        UnpackReport report = await _tree.UnpackAsync(
        [
            Directory("dir", "750"),
            File("dir/file", "hello"),
            Symlink("dir/link", "../../etc/passwd"),
            HardLink("dir/again", "dir/file"),
            Fifo("pipe"),
            File("implied/parents/file", ""),
        ]);

        Assert.Equal(
            ["dir", "dir/again", "dir/file", "dir/link", "implied", "implied/parents", "implied/parents/file", "pipe"],
            _tree.Paths());
        Assert.Equal("hello", _tree.Read("dir/again"));
        Assert.Equal(_tree.StatusOf("dir/file").Inode, _tree.StatusOf("dir/again").Inode);
        Assert.Equal("../../etc/passwd", new FileInfo(_tree.PathOf("dir/link")).LinkTarget); // L17
        Assert.Equal(FileStatus.Fifo, _tree.StatusOf("pipe").Type);
        Assert.Equal(Octal("750"), _tree.StatusOf("dir").Permissions);
        Assert.Equal(Octal("755"), _tree.StatusOf("implied/parents").Permissions);
        Assert.Equal(Octal("755"), _tree.StatusOf("").Permissions);
        Assert.Equal((6, 5), (report.Entries, report.Bytes));
        Assert.Empty(report.Remarks);
    }

    [Fact]
    public async Task UnpackAsync_KeepsModesAndTimes()
    {
        var time = new TarTimestamp(1_234_567_890, 123_456_789);

        await _tree.UnpackAsync(
        [
            Directory("./", "711") with { Time = time }, // P06
            Directory("closed", "0") with { Time = time }, // X15
            File("closed/file") with { Time = time, Mode = Octal("6755") }, // X13
            Directory("readonly", "555") with { Time = time },
            Directory("readonly/below", "1777") with { Time = time },
            Symlink("link", "closed") with { Time = new TarTimestamp(-5, 5) },
        ]);

        Assert.Equal(Octal("711"), _tree.StatusOf("").Permissions);
        Assert.Equal(Octal("0"), _tree.StatusOf("closed").Permissions);
        Assert.Equal(Octal("555"), _tree.StatusOf("readonly").Permissions);
        Assert.Equal(Octal("1777"), _tree.StatusOf("readonly/below").Permissions);
        foreach (string path in new[] { "", "closed", "readonly", "readonly/below" })
        {
            FileStatus status = _tree.StatusOf(path);
            Assert.Equal((time.Seconds, 123_456_789u), (status.ModifiedSeconds, status.ModifiedNanoseconds));
        }

        Assert.Equal((-5, 5u), (_tree.StatusOf("link").ModifiedSeconds, _tree.StatusOf("link").ModifiedNanoseconds));
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Looking into a directory of mode 0000 needs root.");
        Assert.Equal(Octal("6755"), _tree.StatusOf("closed/file").Permissions); // X04, set again after chown
        Assert.Equal(time.Seconds, _tree.StatusOf("closed/file").ModifiedSeconds);
    }

    [Fact]
    public async Task UnpackAsync_KeepsOwnersOfEverythingAsRoot()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Owners are set by root only.");

        await _tree.UnpackAsync(
        [
            Directory("dir") with { Uid = uint.MaxValue - 1 }, File("file") with { Mode = Octal("4755") }, Symlink("link", "x"),
            Fifo("pipe"), Character("null", 1, 3),
        ]);

        Assert.Equal(uint.MaxValue - 1, _tree.StatusOf("dir").Uid); // X01
        foreach (string path in new[] { "file", "link", "pipe", "null" })
        {
            Assert.Equal((FixtureOwner.Uid, FixtureOwner.Gid), (_tree.StatusOf(path).Uid, _tree.StatusOf(path).Gid));
        }

        Assert.Equal(Octal("4755"), _tree.StatusOf("file").Permissions); // X04
        Assert.Equal((1u, 3u), (_tree.StatusOf("null").DeviceMajor, _tree.StatusOf("null").DeviceMinor));
    }

    [Fact]
    public async Task UnpackAsync_IgnoresOwnersOnRequest_AndDropsTheSetIdBitsThatWouldMeanRoot()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root could gain from it.");
        _tree.Options.Owners = OwnerPolicy.Ignore;

        UnpackReport report = await _tree.UnpackAsync(
            [File("other") with { Mode = Octal("6755") }, File("root") with { Uid = 0, Gid = 0, Mode = Octal("4755") }]);

        Assert.Equal((0u, Octal("755")), (_tree.StatusOf("other").Uid, _tree.StatusOf("other").Permissions));
        Assert.Equal(Octal("4755"), _tree.StatusOf("root").Permissions);
        Assert.Contains("other", Assert.Single(report.Remarks).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DevicePolicy.Skip)]
    [InlineData(DevicePolicy.Placeholder)]
    public async Task UnpackAsync_TreatsDevicesAsThePolicySays(DevicePolicy policy)
    {
        _tree.Options.Devices = policy;

        UnpackReport report = await _tree.UnpackAsync([Character("dev/null", 1, 3)]);

        Assert.Equal(policy == DevicePolicy.Placeholder, _tree.Exists("dev/null"));
        Assert.Contains("dev/null", Assert.Single(report.Remarks).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnpackAsync_SkipsDevicesWithoutRoot()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "Root makes devices.");

        UnpackReport report = await _tree.UnpackAsync([Character("null", 1, 3), Fifo("pipe")]);

        Assert.Equal(["pipe"], _tree.Paths());
        Assert.Contains("null", Assert.Single(report.Remarks).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnpackAsync_KeepsXattrsByteForByte_AndReportsWhatItLeavesOut()
    {
        byte[] value = [0, 10, 61, 128, 255]; // X10

        UnpackReport report = await _tree.UnpackAsync(
        [
            File("file") with { Xattrs = [("user.test", value), ("security.selinux", [1]), ("trusted.overlay.opaque", [121])] }, // X08
            Directory("dir") with { Xattrs = [("user.test", value)] },
            Symlink("link", "file") with { Xattrs = [("user.test", value)] }, // X09
            File("bad") with { Xattrs = [(new string('a', 300), [1]), ("nonamespace", [1]), ("user.big", new byte[65537])] }, // X06
        ]);

        Assert.SkipUnless(TestXattrs.IsSupported(_tree.Place), "The file system has no user attributes.");
        Assert.Equal(value, TestXattrs.Read(_tree.PathOf("file"), "user.test"));
        Assert.Equal(value, TestXattrs.Read(_tree.PathOf("dir"), "user.test"));
        Assert.Equal(["user.test"], TestXattrs.List(_tree.PathOf("file")).Where(name => !name.StartsWith("security.", StringComparison.Ordinal)));
        Assert.Equal(6, report.Remarks.Count);
    }

    [Fact]
    public async Task UnpackAsync_AppliesLayersOverEachOther()
    {
        await _tree.UnpackAsync(
            [
                Directory("dir", "700") with { Time = new(1000, 0) }, File("dir/old"), File("both", "old"), Directory("was-dir"), File("was-dir/x"),
                File("was-file"), HardLink("linked", "both"),
            ],
            [
                Directory("dir", "711") with { Time = new(2000, 0) }, File("dir/new"), File("both", "new"), File("was-dir"),
                Directory("was-file"), File("was-file/x"),
            ]);

        Assert.Equal(
            ["both", "dir", "dir/new", "dir/old", "linked", "was-dir", "was-file", "was-file/x"], _tree.Paths()); // P32
        Assert.Equal(Octal("711"), _tree.StatusOf("dir").Permissions);
        Assert.Equal(2000, _tree.StatusOf("dir").ModifiedSeconds);
        Assert.Equal("new", _tree.Read("both"));
        Assert.Equal("content", _tree.Read("was-dir"));
        Assert.Equal("old", _tree.Read("linked")); // L19
    }

    [Fact]
    public async Task UnpackAsync_LeavesTheTimesOfDirectoriesThatOnlyHoldWhatChanged()
    {
        await _tree.UnpackAsync(
            [Directory("dir") with { Time = new(1000, 0) }, File("dir/a"), File("dir/b")],
            [File("dir/.wh.a", ""), File("dir/c")]); // W22

        Assert.Equal(["dir", "dir/b", "dir/c"], _tree.Paths());
        Assert.Equal(1000, _tree.StatusOf("dir").ModifiedSeconds);
    }

    [Fact]
    public async Task UnpackAsync_ReplacesTheAttributesOfADirectory()
    {
        await _tree.UnpackAsync(
            [Directory("dir") with { Xattrs = [("user.old", [1])] }], [Directory("dir") with { Xattrs = [("user.new", [2])] }]);

        Assert.SkipUnless(TestXattrs.IsSupported(_tree.Place), "The file system has no user attributes.");
        Assert.Null(TestXattrs.Read(_tree.PathOf("dir"), "user.old"));
        Assert.Equal([2], TestXattrs.Read(_tree.PathOf("dir"), "user.new")!);
    }

    [Fact]
    public async Task UnpackAsync_KeepsNamesThatAreNotUtf8Apart()
    {
        await _tree.UnpackAsync([File("a\u00ff"), File("a\u00fe"), Directory("d\u00ff"), File("d\u00ff/x")]);

        using DirectoryHandle root = DirectoryHandle.OpenPath(_tree.Target);
        Assert.Equal(
            ["61fe", "61ff", "64ff"],
            DirectoryListing.Read(root).Select(entry => Convert.ToHexStringLower(entry.Name)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task UnpackAsync_ReportsPathsThatALayerHasTwice()
    {
        UnpackReport report = await _tree.UnpackAsync([File("./a", "1"), File("a", "2"), Directory("d"), Directory("d/", "700")]); // T23, P04

        Assert.Equal("2", _tree.Read("a"));
        Assert.Equal(Octal("700"), _tree.StatusOf("d").Permissions);
        Assert.Equal(2, report.Remarks.Count);
    }

    [Theory]
    [InlineData(CompressionFormat.Gzip, MediaTypes.LayerGzip, 0)]
    [InlineData(CompressionFormat.Zstd, MediaTypes.LayerZstd, 0)]
    [InlineData(CompressionFormat.Zstd, MediaTypes.LayerGzip, 1)] // D09
    [InlineData(CompressionFormat.None, MediaTypes.LayerGzip, 1)]
    [InlineData(CompressionFormat.Gzip, MediaTypes.Layer, 1)]
    public async Task UnpackAsync_ReadsTheCompressionThatIsThere_AndReportsAnotherThanPromised(
        CompressionFormat format, string mediaType, int notes)
    {
        byte[] archive = await TestLayer.ArchiveAsync(File("file", "hello"));
        LayerToApply layer = await TestLayer.AddArchiveAsync(_tree.Store, archive, format, mediaType);

        UnpackReport report = await _tree.UnpackAsync([layer]);

        Assert.Equal("hello", _tree.Read("file"));
        Assert.Equal(notes, report.Remarks.Count);
    }

    [Theory]
    [InlineData(0)] // T29
    [InlineData(1024)]
    public async Task UnpackAsync_ReadsAnEmptyLayer(int zeros)
    {
        LayerToApply layer = await TestLayer.AddArchiveAsync(_tree.Store, new byte[zeros]);

        UnpackReport report = await _tree.UnpackAsync([layer]);

        Assert.Equal(0, report.Entries);
        Assert.Empty(_tree.Paths());
    }

    [Fact]
    public async Task UnpackAsync_WritesHolesOfSparseFilesAsHoles()
    {
        // GNU format 1.0: the map, then the data.
        byte[] map = new byte[512];
        Encoding.ASCII.GetBytes("2\n0\n3\n67108864\n3\n").CopyTo(map, 0);
        byte[] content = [.. map, .. "abcdef"u8];
        byte[] archive = await TestLayer.ArchiveAsync(File("GNUSparseFile.0/sparse") with { Content = content });
        byte[] records = PaxRecords(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "sparse"), ("GNU.sparse.realsize", "67108867"));
        byte[] extended = (await TestLayer.ArchiveAsync(File("PaxHeaders/x") with { Content = records }))[..^1024];
        RawHeader.Patch(extended.AsSpan(0, 512), header => header[156] = (byte)'x');
        LayerToApply layer = await TestLayer.AddArchiveAsync(_tree.Store, [.. extended, .. archive]);

        await _tree.UnpackAsync([layer]);

        await using FileStream file = System.IO.File.OpenRead(_tree.PathOf("sparse"));
        Assert.Equal(67108867, file.Length);
        byte[] end = new byte[4];
        file.Position = file.Length - 4;
        file.ReadExactly(end);
        Assert.Equal("\0def"u8.ToArray(), end);
    }

    [Fact]
    public async Task UnpackAsync_ReportsProgressUpToTheSizeOfEachLayer()
    {
        var reports = new List<ContentProgress>();
        _tree.Options.Progress = new ListProgress(reports);
        LayerToApply layer = await TestLayer.AddAsync(_tree.Store, File("file"));

        await _tree.UnpackAsync([layer]);

        Assert.Equal(new ContentProgress(layer.Descriptor, layer.Descriptor.Size, ContentProgressState.Completed), reports[^1]);
    }

    [Fact]
    public async Task UnpackAsync_RefusesWhatCannotBeUsed()
    {
        CancellationToken token = TestContext.Current.CancellationToken;

        await Assert.ThrowsAsync<ArgumentNullException>(() => LayerUnpacker.UnpackAsync(null!, [], "x", null, token).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => LayerUnpacker.UnpackAsync(_tree.Store, null!, "x", null, token).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => LayerUnpacker.UnpackAsync(_tree.Store, [], "", null, token).AsTask());
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnpackOptions { MaxBytes = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnpackOptions { MaxEntries = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnpackOptions { MaxDepth = 0 });
    }

    private static byte[] PaxRecords(params (string Key, string Value)[] records)
    {
        var text = new StringBuilder();
        foreach ((string key, string value) in records)
        {
            int length = key.Length + value.Length + 3;
            length += $"{length + 2}".Length;
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{length} {key}={value}\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private sealed class ListProgress(List<ContentProgress> reports) : IProgress<ContentProgress>
    {
        public void Report(ContentProgress value) => reports.Add(value);
    }
}
