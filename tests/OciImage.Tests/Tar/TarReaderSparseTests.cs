using OciImage.Tar;

namespace OciImage.Tests.Tar;

public sealed class TarReaderSparseTests
{
    private const string Expected = "\0\0\0\0abc\0\0de\0";

    [Fact]
    public async Task ReadContent_FillsHolesOfTheOldFormat()
    {
        byte[] archive = new RawTar()
            .Header("f", 'S', 5, block => Gnu(block, 12, more: false, (4, 3), (9, 2), (12, 0)))
            .Content("abcde")
            .File("next", "x")
            .End();

        await AssertReadsAsync(archive);
    }

    [Fact]
    public async Task ReadContent_FollowsTheBlocksOfTheOldFormat()
    {
        byte[] extension = new byte[512];
        PutNumber(extension, 0, 9);
        PutNumber(extension, 12, 2);
        byte[] archive = new RawTar()
            .Header("f", 'S', 5, block => Gnu(block, 12, more: true, (4, 3)))
            .Raw(extension)
            .Content("abcde")
            .File("next", "x")
            .End();

        await AssertReadsAsync(archive);
    }

    [Fact]
    public async Task ReadContent_FillsHolesOfFormat00()
    {
        byte[] archive = new RawTar()
            .Pax(
                ("GNU.sparse.size", "12"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.offset", "4"),
                ("GNU.sparse.numbytes", "3"), ("GNU.sparse.offset", "9"), ("GNU.sparse.numbytes", "2"))
            .File("f", "abcde")
            .File("next", "x")
            .End();

        await AssertReadsAsync(archive);
    }

    [Fact]
    public async Task ReadContent_FillsHolesOfFormat01()
    {
        byte[] archive = new RawTar()
            .Pax(
                ("GNU.sparse.size", "12"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.name", "f"),
                ("GNU.sparse.map", "4,3,9,2"))
            .File("GNUSparseFile/f", "abcde")
            .File("next", "x")
            .End();

        await AssertReadsAsync(archive);
    }

    [Fact]
    public async Task ReadContent_FillsHolesOfFormat10()
    {
        byte[] archive = new RawTar()
            .Pax(
                ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "f"),
                ("GNU.sparse.realsize", "12"))
            .Header("GNUSparseFile/f", '0', 517)
            .Content("2\n4\n3\n9\n2\n" + new string('\0', 502) + "abcde")
            .File("next", "x")
            .End();

        await AssertReadsAsync(archive);
    }

    [Fact]
    public async Task ReadContent_ReadsAFileThatIsOneHole()
    {
        byte[] archive = new RawTar()
            .Pax(("GNU.sparse.major", "0"), ("GNU.sparse.minor", "1"), ("GNU.sparse.realsize", "3"), ("GNU.sparse.map", ""))
            .Header("f")
            .End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal("\0\0\0", listing.Rows[0].Text);
        Assert.Empty(listing.Rows[0].Extents!);
    }

    public static TheoryData<string> BadMaps =>
    [
        "9,2,4,3", // out of order
        "4,3,6,2", // overlap
        "4,3,11,2", // beyond the end
        "4,3,9,1", // less than there is
        "4,3,9,3", // more than there is
        "4,3,9", // an offset alone
        "4,3,9,2,", // an empty number
        "4,-3,9,8", // negative
        "4,3,9223372036854775807,2", // the end overflows
        "4,9223372036854775807,9,2",
        "4,3,99999999999999999999,2",
    ];

    [Theory]
    [MemberData(nameof(BadMaps))]
    public async Task ReadNext_RefusesAMapThatDoesNotFit(string map)
    {
        byte[] archive = new RawTar()
            .Pax(("GNU.sparse.size", "12"), ("GNU.sparse.map", map))
            .File("f", "abcde")
            .End();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Theory]
    [InlineData("2", "0")]
    [InlineData("1", "1")]
    [InlineData("0", "2")]
    public async Task ReadNext_RefusesAnUnknownVersion(string major, string minor)
    {
        byte[] archive = new RawTar()
            .Pax(("GNU.sparse.major", major), ("GNU.sparse.minor", minor), ("GNU.sparse.map", "0,1"))
            .File("f", "a")
            .End();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.Unsupported, error.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2")]
    [InlineData("2\n4\n3\n9\n")]
    [InlineData("2\n4\n\n9\n2\n")]
    [InlineData("2\n4\n3\n9\nx\n")]
    [InlineData("2000\n4\n3\n")]
    [InlineData("99999999999999999999999\n")]
    public async Task ReadNext_RefusesAMapInTheDataThatIsNone(string map)
    {
        byte[] archive = new RawTar()
            .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "12"))
            .File("f", map)
            .End();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Fact]
    public async Task ReadNext_RefusesASparseLink()
    {
        byte[] archive = new RawTar()
            .Pax(("GNU.sparse.size", "12"), ("GNU.sparse.map", "0,0"))
            .Header("f", '2')
            .End();

        await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));
    }

    [Theory]
    [InlineData("1152921504606846976")] // T07, 1 EiB
    [InlineData("9223372036854775807")] // T07, 8 EiB - 1
    public async Task ReadNext_LimitsTheSizeOfAHole(string size)
    {
        byte[] archive = new RawTar()
            .Pax(("GNU.sparse.size", size), ("GNU.sparse.map", "0,1"))
            .File("f", "a")
            .End();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Fact]
    public async Task ReadNext_LimitsAChainOfMaps() // T06
    {
        byte[] endless = new byte[512];
        endless[504] = 1;
        var tar = new RawTar().Header("f", 'S', 0, block => Gnu(block, 0, more: true));
        for (int i = 0; i < 3000; i++)
        {
            tar.Raw(endless);
        }

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(tar.End()));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Fact]
    public async Task ReadNext_LimitsAMapInTheData() // T06
    {
        byte[] archive = new RawTar()
            .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "12"))
            .File("f", "1000000\n")
            .End();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    private static async Task AssertReadsAsync(byte[] archive)
    {
        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(["f", "next"], listing.Names);
        Assert.Equal(TarEntryType.RegularFile, listing.Rows[0].Entry.Type);
        Assert.Equal(12, listing.Rows[0].Entry.Size);
        Assert.Equal(Expected, listing.Rows[0].Text);
        Assert.Equal([new TarExtent(4, 3), new TarExtent(9, 2)], listing.Rows[0].Extents!);
        Assert.Equal("x", listing.Rows[1].Text);
        Assert.Null(listing.Rows[1].Extents);
    }

    private static void Gnu(byte[] block, long realSize, bool more, params (long Offset, long Length)[] extents)
    {
        RawTar.Put(block, 257, "ustar  \0");
        for (int i = 0; i < extents.Length; i++)
        {
            PutNumber(block, 386 + (24 * i), extents[i].Offset);
            PutNumber(block, 398 + (24 * i), extents[i].Length);
        }

        block[482] = more ? (byte)1 : (byte)0;
        PutNumber(block, 483, realSize);
    }

    private static void PutNumber(byte[] block, int offset, long number) =>
        RawTar.Put(block, offset, Convert.ToString(number, 8).PadLeft(11, '0'));
}
