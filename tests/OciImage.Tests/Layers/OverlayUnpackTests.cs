using OciImage.Layers;
using OciImage.Linux;

namespace OciImage.Tests.Layers;

public sealed class OverlayUnpackTests
{
    private const string Opaque = "user.overlay.opaque";

    [Fact]
    public async Task UnpackOverlayAsync_MakesADirectoryALayerThatOnlyItsOwnerEnters()
    {
        using var fixture = new UnpackFixture();

        OverlayTree tree = await UnpackAsync(fixture, [TestEntry.File("a/f", "1")], [], [TestEntry.File("a/g", "2")]);

        Assert.Equal(["2", "1", "0"], tree.LowerDirectories.Select(Path.GetFileName));
        Assert.All(tree.LowerDirectories, directory => Assert.Equal(fixture.Target, Path.GetDirectoryName(directory)));
        Assert.Equal(["0", "0/a", "0/a/f", "1", "2", "2/a", "2/a/g"], fixture.Paths());
        Assert.Equal(TestEntry.Octal("700"), fixture.StatusOf("").Permissions);
        Assert.Equal(2, tree.Report.Entries);
        Assert.Equal($"lowerdir={string.Join(':', tree.LowerDirectories)},userxattr", tree.MountOptions);
    }

    [Fact]
    public void MountOptions_EscapeWhatSeparates()
    {
        var tree = new OverlayTree("/a", ["/a,b/1", "/c:d/0", "/e\\f"], UserXattrs: false, new UnpackReport(0, 0, []));

        Assert.Equal("lowerdir=/a\\,b/1:/c\\:d/0:/e\\\\f", tree.MountOptions);
    }

    [Fact]
    public async Task UnpackOverlayAsync_CopiesTheMetadataOfADirectoryBelow()
    {
        using var fixture = new UnpackFixture();

        await UnpackAsync(
            fixture,
            [TestEntry.Directory("d", "1750") with { Time = new(5, 6) }, TestEntry.Symlink("link", "d")],
            [TestEntry.File("link/f")]);

        FileStatus status = fixture.StatusOf("1/d");
        Assert.Equal((TestEntry.Octal("1750"), 5L, 6u), (status.Permissions, status.ModifiedSeconds, status.ModifiedNanoseconds));
        Assert.False(fixture.Exists("1/link"));
        Assert.True(fixture.Exists("1/d/f"));
    }

    [Fact] // W17
    public async Task UnpackOverlayAsync_LeavesNoWhiteoutInAnOpaqueDirectory()
    {
        RequireXattrs();
        using var fixture = new UnpackFixture();

        await UnpackAsync(
            fixture,
            [TestEntry.File("d/a"), TestEntry.File("d/b")],
            [TestEntry.File("d/.wh.a"), TestEntry.File("d/new"), TestEntry.File("d/.wh..wh..opq")]);

        Assert.Equal(["0", "0/d", "0/d/a", "0/d/b", "1", "1/d", "1/d/new"], fixture.Paths());
        Assert.Equal("y"u8.ToArray(), TestXattrs.Read(fixture.PathOf("1/d"), Opaque));
    }

    [Theory] // W18
    [InlineData(false)]
    [InlineData(true)]
    public async Task UnpackOverlayAsync_MakesAWhiteoutThatIsUsedAsADirectoryOpaque(bool whiteoutLast)
    {
        RequireXattrs();
        using var fixture = new UnpackFixture();
        TestEntry[] upper = [TestEntry.File(".wh.d"), TestEntry.File("d/x")];

        await UnpackAsync(fixture, [TestEntry.File("d/a")], whiteoutLast ? [upper[1], upper[0]] : upper);

        Assert.Equal(["0", "0/d", "0/d/a", "1", "1/d", "1/d/x"], fixture.Paths());
        Assert.Equal("y"u8.ToArray(), TestXattrs.Read(fixture.PathOf("1/d"), Opaque));
    }

    [Fact]
    public async Task UnpackOverlayAsync_MakesADirectoryOpaqueThatTookThePlaceOfOne()
    {
        RequireXattrs();
        using var fixture = new UnpackFixture();

        await UnpackAsync(
            fixture, [TestEntry.File("d/a")], [TestEntry.File("d"), TestEntry.Directory("d"), TestEntry.File("d/b")]);

        Assert.Equal("y"u8.ToArray(), TestXattrs.Read(fixture.PathOf("1/d"), Opaque));
        Assert.Equal(["0", "0/d", "0/d/a", "1", "1/d", "1/d/b"], fixture.Paths());
    }

    [Fact]
    public async Task UnpackOverlayAsync_MakesNoWhiteoutOfWhatWasNotThere()
    {
        using var fixture = new UnpackFixture();

        await UnpackAsync(fixture, [TestEntry.File("a")], [TestEntry.File(".wh.b"), TestEntry.File("c/.wh.d")]);

        Assert.Equal(["0", "0/a", "1"], fixture.Paths());
    }

    [Fact]
    public async Task UnpackOverlayAsync_MarksWhiteoutsThatAreAttributes()
    {
        RequireXattrs();
        using var fixture = new UnpackFixture();

        await UnpackAsync(
            fixture, OverlayWhiteouts.Xattr, [TestEntry.File("d/a"), TestEntry.File("d/b")], [TestEntry.File("d/.wh.a")]);

        Assert.Equal("x"u8.ToArray(), TestXattrs.Read(fixture.PathOf("1/d"), Opaque));
        Assert.Equal("y"u8.ToArray(), TestXattrs.Read(fixture.PathOf("1/d/a"), "user.overlay.whiteout"));
        Assert.Equal((FileStatus.RegularFile, 0L), (fixture.StatusOf("1/d/a").Type, fixture.StatusOf("1/d/a").Size));
    }

    [Fact]
    public async Task UnpackOverlayAsync_EscapesAttributesOfAnOverlay()
    {
        RequireXattrs();
        using var fixture = new UnpackFixture();

        await UnpackAsync(
            fixture, [TestEntry.Directory("d") with { Xattrs = [(Opaque, "y"u8.ToArray()), ("user.a", [1])] }]);

        Assert.Equal(
            ["user.a", "user.overlay.overlay.opaque"],
            TestXattrs.List(fixture.PathOf("0/d")).Where(name => name.StartsWith("user.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact] // W20
    public async Task UnpackOverlayAsync_SkipsADeviceThatWouldBeAWhiteout()
    {
        using var fixture = new UnpackFixture { Options = new UnpackOptions { Devices = DevicePolicy.Create } };

        OverlayTree tree = await UnpackAsync(
            fixture, [TestEntry.File("f")], [TestEntry.Character("f", 0, 0), TestEntry.HardLink("g", "f")]);

        Assert.Equal(["0", "0/f", "1"], fixture.Paths());
        Assert.Equal(
            [(LayerRemarkKind.Device, "f"), (LayerRemarkKind.Device, "g")],
            tree.Report.Remarks.Select(remark => (remark.Kind, remark.Path!)));
    }

    [Fact] // L11
    public async Task UnpackOverlayAsync_RefusesAHardLinkToALowerLayer()
    {
        using var fixture = new UnpackFixture();

        LayerException refusal = await Assert.ThrowsAsync<LayerException>(
            () => UnpackAsync(fixture, [TestEntry.File("f")], [TestEntry.HardLink("g", "f")]));

        Assert.Equal((LayerErrorKind.Unsupported, "g"), (refusal.Kind, refusal.EntryName));
        fixture.AssertNothingLeft();
    }

    [Fact]
    public async Task UnpackOverlayAsync_LeavesNothingWhenALayerDisagrees()
    {
        using var fixture = new UnpackFixture();
        LayerToApply good = await TestLayer.AddAsync(fixture.Store, TestEntry.File("f"));
        LayerToApply bad = await TestLayer.AddAsync(fixture.Store, TestEntry.File("g"));

        LayerException refusal = await Assert.ThrowsAsync<LayerException>(async () => await LayerUnpacker.UnpackOverlayAsync(
            fixture.Store,
            [good, bad with { DiffId = good.DiffId }],
            fixture.Target,
            cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(LayerErrorKind.DiffIdMismatch, refusal.Kind);
        fixture.AssertNothingLeft();
    }

    private static void RequireXattrs() =>
        Assert.SkipUnless(TestXattrs.IsSupported(Path.GetTempPath()), "The file system has no attributes of users.");

    private static Task<OverlayTree> UnpackAsync(UnpackFixture fixture, params TestEntry[][] layers) =>
        UnpackAsync(fixture, OverlayWhiteouts.Automatic, layers);

    private static async Task<OverlayTree> UnpackAsync(
        UnpackFixture fixture, OverlayWhiteouts whiteouts, params TestEntry[][] layers)
    {
        var added = new List<LayerToApply>();
        foreach (TestEntry[] layer in layers)
        {
            added.Add(await TestLayer.AddAsync(fixture.Store, layer));
        }

        return await LayerUnpacker.UnpackOverlayAsync(
            fixture.Store,
            added,
            fixture.Target,
            fixture.Options,
            new OverlayOptions { UserXattrs = true, Whiteouts = whiteouts },
            TestContext.Current.CancellationToken);
    }
}
