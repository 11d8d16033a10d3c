using OciImage.Compression;
using OciImage.Layers;
using OciImage.Linux;

namespace OciImage.Tests.Layers;

public sealed class UnpackPolicyTests
{
    private static readonly byte[] NetRaw = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    [Fact]
    public async Task Map_GivesTheCounterpartsAndKeepsSetUserId()
    {
        Assert.SkipUnless(Libc.IsSupported && Libc.GetEffectiveUserId() == 0, "Only root gives files away.");
        using var fixture = new UnpackFixture
        {
            Options = new UnpackOptions { Owners = OwnerPolicy.Map, OwnerMap = OwnerMap.Parse("0:100000:1001") },
        };

        UnpackReport report = await fixture.UnpackAsync(
        [
            TestEntry.Directory("d") with { Uid = 1000, Gid = 0 },
            TestEntry.File("d/f") with { Uid = 5, Gid = 6, Mode = TestEntry.Octal("4755") },
            TestEntry.Symlink("l", "d") with { Uid = 7, Gid = 8 },
        ]);

        FileStatus file = fixture.StatusOf("d/f");
        Assert.Equal((100005u, 100006u, TestEntry.Octal("4755")), (file.Uid, file.Gid, file.Permissions));
        Assert.Equal((101000u, 100000u), (fixture.StatusOf("d").Uid, fixture.StatusOf("d").Gid));
        Assert.Equal((100007u, 100008u), (fixture.StatusOf("l").Uid, fixture.StatusOf("l").Gid));
        Assert.Equal(100000u, fixture.StatusOf("").Uid);
        Assert.Empty(report.Remarks);
    }

    [Fact]
    public async Task Map_RefusesAnOwnerWithoutACounterpart()
    {
        Assert.SkipUnless(Libc.IsSupported && Libc.GetEffectiveUserId() == 0, "Only root gives files away.");
        using var fixture = new UnpackFixture
        {
            Options = new UnpackOptions { Owners = OwnerPolicy.Map, OwnerMap = OwnerMap.Parse("0:100000:1000") },
        };

        LayerException refusal = await fixture.RefuseAsync([TestEntry.File("f") with { Uid = 1000, Gid = 0 }]);

        Assert.Equal((LayerErrorKind.Unsupported, "f"), (refusal.Kind, refusal.EntryName));
    }

    [Fact]
    public async Task Map_WithoutAMapIsMisuse()
    {
        using var fixture = new UnpackFixture { Options = new UnpackOptions { Owners = OwnerPolicy.Map } };

        await Assert.ThrowsAsync<ArgumentException>(() => fixture.UnpackAsync([TestEntry.File("f")]));

        fixture.AssertNothingLeft();
    }

    [Fact]
    public async Task Map_BindsCapabilitiesToTheRootOfTheMap()
    {
        Assert.SkipUnless(Libc.IsSupported && Libc.GetEffectiveUserId() == 0, "Only root gives capabilities.");
        using var fixture = new UnpackFixture
        {
            Options = new UnpackOptions { Owners = OwnerPolicy.Map, OwnerMap = OwnerMap.Parse("0:100000:1001") },
        };

        await fixture.UnpackAsync(
        [
            TestEntry.File("ping") with { Uid = 0, Gid = 0, Xattrs = [("security.capability", NetRaw)] },
        ]);

        byte[] value = TestXattrs.Read(fixture.PathOf("ping"), "security.capability")!;
        Assert.Equal(24, value.Length);
        Assert.Equal(3, value[3]);
        Assert.Equal(100000u, BitConverter.ToUInt32(value, 20));
    }

    [Fact]
    public async Task AllowedXattrs_SetsOnlyThose()
    {
        using var fixture = new UnpackFixture { Options = new UnpackOptions { AllowedXattrs = ["user.a", "user.b.*"] } };

        UnpackReport report = await fixture.UnpackAsync(
        [
            TestEntry.File("f") with
            {
                Xattrs = [("user.a", [1]), ("user.ab", [2]), ("user.b.c", [3]), ("user.c", [4])],
            },
        ]);

        Assert.SkipWhen(
            TestXattrs.Read(fixture.PathOf("f"), "user.a") is null, "The file system has no extended attributes.");
        Assert.Equal([1], TestXattrs.Read(fixture.PathOf("f"), "user.a"));
        Assert.Null(TestXattrs.Read(fixture.PathOf("f"), "user.ab"));
        Assert.Equal([3], TestXattrs.Read(fixture.PathOf("f"), "user.b.c"));
        Assert.Equal(2, report.Remarks.Count);
        Assert.All(report.Remarks, remark => Assert.Equal((LayerRemarkKind.Xattr, "f"), (remark.Kind, remark.Path)));
    }

    [Fact]
    public async Task MaxRatio_StopsABomb()
    {
        byte[] archive = await TestLayer.ArchiveAsync(
            TestEntry.File("zeros") with { Content = new byte[80 * 1024 * 1024] });
        using var fixture = new UnpackFixture { Options = new UnpackOptions { MaxRatio = 100 } };
        LayerToApply layer = await TestLayer.AddArchiveAsync(
            fixture.Store, archive, CompressionFormat.Gzip, MediaTypes.LayerGzip);

        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => fixture.UnpackAsync([layer]));

        Assert.Equal(LayerErrorKind.LimitExceeded, refusal.Kind);
        fixture.AssertNothingLeft();
    }

    [Fact]
    public async Task Remarks_NameTheLayerAndThePath()
    {
        using var fixture = new UnpackFixture();
        LayerToApply lower = await TestLayer.AddAsync(fixture.Store, TestEntry.File("a"));
        LayerToApply upper = await TestLayer.AddAsync(fixture.Store, TestEntry.File("d/b"), TestEntry.File("d/b"));

        UnpackReport report = await fixture.UnpackAsync([lower, upper]);

        LayerRemark remark = Assert.Single(report.Remarks);
        Assert.Equal((LayerRemarkKind.Duplicate, "d/b", upper.Descriptor.Digest), (remark.Kind, remark.Path, remark.Layer));
        Assert.Equal(remark.Message, remark.ToString());
        Assert.Contains("d/b", remark.Message, StringComparison.Ordinal);
    }
}
