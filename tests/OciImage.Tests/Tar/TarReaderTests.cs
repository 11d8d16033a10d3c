using System.Text;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

public sealed class TarReaderTests
{
    [Fact]
    public async Task ReadNext_ReadsEveryType()
    {
        byte[] archive = new RawTar()
            .File("file", "hello")
            .Header("hard", '1', change: block => RawTar.Put(block, 157, "file"))
            .Header("symbolic", '2', change: block => RawTar.Put(block, 157, "../file"))
            .Header("char", '3', change: block => Device(block, "0000005", "0000001"))
            .Header("block", '4', change: block => Device(block, "0000010", "0000003"))
            .Header("directory/", '5')
            .Header("fifo", '6')
            .End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(Enum.GetValues<TarEntryType>(), listing.Rows.Select(row => row.Entry.Type));
        Assert.Equal("hello", listing.Rows[0].Text);
        Assert.Equal("file"u8, listing.Rows[1].Entry.LinkName.Span);
        Assert.Equal((5, 1), (listing.Rows[3].Entry.DeviceMajor, listing.Rows[3].Entry.DeviceMinor));
        Assert.Equal((8, 3), (listing.Rows[4].Entry.DeviceMajor, listing.Rows[4].Entry.DeviceMinor));
        Assert.Empty(listing.Oddities);
    }

    [Theory]
    [InlineData('\0', "x", TarEntryType.RegularFile)]
    [InlineData('7', "x", TarEntryType.RegularFile)]
    [InlineData('\0', "x/", TarEntryType.Directory)] // T21
    [InlineData('0', "x/", TarEntryType.Directory)] // T21
    [InlineData('7', "x/", TarEntryType.Directory)] // T21
    public async Task ReadNext_KnowsOldFilesAndDirectories(char typeFlag, string name, TarEntryType expected)
    {
        byte[] archive = new RawTar().Header(name, typeFlag).End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(expected, listing.Single.Type);
    }

    [Fact]
    public async Task ReadNext_TakesFullFieldsWithoutNul() // T24
    {
        string name = new('n', 100);
        string link = new('l', 100);
        string prefix = new('p', 155);
        byte[] archive = new RawTar()
            .Header(name, '2', change: block =>
            {
                RawTar.Put(block, 157, link);
                RawTar.Put(block, 345, prefix);
            })
            .End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(prefix + "/" + name, listing.Single.DisplayName);
        Assert.Equal(link, Encoding.ASCII.GetString(listing.Single.LinkName.Span));
    }

    [Fact]
    public async Task ReadNext_TakesNoPrefixUnderTheMagicOfGnu() // T25
    {
        byte[] archive = new RawTar()
            .Header("name", change: block =>
            {
                RawTar.Put(block, 257, "ustar  \0");
                RawTar.Put(block, 345, "prefix");
            })
            .End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal("name", listing.Single.DisplayName);
    }

    [Fact]
    public async Task ReadNext_TakesLongNamesOfGnu()
    {
        string name = new('n', 5000);
        string link = new('l', 3000);
        byte[] archive = new RawTar()
            .Extended('L', name + "\0")
            .Extended('K', link + "\0rest")
            .Header("short", '2')
            .Header("next")
            .End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal([name, "next"], listing.Names);
        Assert.Equal(link, Encoding.ASCII.GetString(listing.Rows[0].Entry.LinkName.Span));
        Assert.True(listing.Rows[1].Entry.LinkName.IsEmpty);
    }

    [Fact]
    public async Task ReadNext_PrefersRecordsToTheHeader()
    {
        byte[] archive = new RawTar()
            .Pax(("path", "long"), ("size", "5"), ("uid", "4294967294"), ("gid", "7"), ("uname", "ü"), ("mtime", "-1.5"))
            .File("short", "hello")
            .Header("next")
            .End();

        TarListing listing = await RawTar.ReadAsync(archive);

        TarEntry entry = listing.Rows[0].Entry;
        Assert.Equal("long", entry.DisplayName);
        Assert.Equal("hello", listing.Rows[0].Text);
        Assert.Equal((4294967294, 7), (entry.Uid, entry.Gid));
        Assert.Equal(new TarTimestamp(-2, 500_000_000), entry.ModifiedTime); // X12
        Assert.Equal("next", listing.Rows[1].Entry.DisplayName);
    }

    [Theory]
    [InlineData("1.5", 1, 500_000_000)]
    [InlineData("1.123456789999", 1, 123_456_789)]
    [InlineData("1.", 1, 0)]
    [InlineData("-0.25", -1, 750_000_000)]
    [InlineData("9223372036854775807", long.MaxValue, 0)]
    public async Task ReadNext_ReadsTimesToTheNanosecond(string text, long seconds, int nanoseconds)
    {
        byte[] archive = new RawTar().Pax(("mtime", text)).Header("x").End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(new TarTimestamp(seconds, nanoseconds), listing.Single.ModifiedTime);
    }

    [Fact]
    public async Task ReadNext_KeepsAttributesByteByByte() // X10
    {
        byte[] archive = new RawTar()
            .Pax(("SCHILY.xattr.user.b", "\0\n=\u0080\u00FF"), ("SCHILY.xattr.user.a\u00FF", "1"), ("SCHILY.xattr.user.c", ""))
            .Header("x")
            .End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(2, listing.Single.Xattrs.Count);
        Assert.Equal([.. "user.a"u8, 0xFF], listing.Single.Xattrs[0].Name.ToArray());
        Assert.Equal([0, 10, 0x3D, 0x80, 0xFF], listing.Single.Xattrs[1].Value.ToArray());
    }

    [Fact]
    public async Task ReadNext_KeepsNamesThatAreNotUtf8Apart()
    {
        byte[] archive = new RawTar().Header("\u00FE").Header("\u00FF").End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal([0xFE], listing.Rows[0].Entry.Name.ToArray());
        Assert.Equal([0xFF], listing.Rows[1].Entry.Name.ToArray());
    }

    [Fact]
    public async Task ReadNext_AcceptsASignedChecksum() // T11
    {
        byte[] block = new RawTar().Header("\u00FF\u00FE").Open();
        RawTar.PutChecksum(block, signed: true);

        TarListing listing = await RawTar.ReadAsync([.. block, .. new byte[1024]]);

        Assert.Equal([0xFF, 0xFE], listing.Single.Name.ToArray());
    }

    [Fact]
    public async Task ReadNext_AppliesNoGlobalRecord() // T16
    {
        byte[] archive = new RawTar()
            .PaxOfType('g', ("path", "evil"), ("size", "600"), ("linkpath", "evil"))
            .File("a", "x")
            .File("b", "y")
            .End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(["a", "b"], listing.Names);
        Assert.Equal("x", listing.Rows[0].Text);
        Assert.Single(listing.Oddities);
    }

    [Theory]
    [InlineData(0, "no end-of-archive")] // T15
    [InlineData(512, "one end-of-archive")]
    public async Task ReadNext_AcceptsAMissingEnd(int zeros, string oddity)
    {
        byte[] archive = [.. new RawTar().File("a", "x").Open(), .. new byte[zeros]];

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(["a"], listing.Names);
        Assert.Contains(oddity, Assert.Single(listing.Oddities), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)] // T29
    [InlineData(512)]
    [InlineData(1024)] // T29
    [InlineData(10240)]
    public async Task ReadNext_FindsNothingInAnEmptyArchive(int zeros)
    {
        TarListing listing = await RawTar.ReadAsync(new byte[zeros]);

        Assert.Empty(listing.Rows);
    }

    [Fact]
    public async Task ReadNext_IgnoresASecondArchive() // T13
    {
        byte[] archive = [.. new RawTar().Header("a").End(), .. new RawTar().Header("b").End()];

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(["a"], listing.Names);
        Assert.Contains("after the end", Assert.Single(listing.Oddities), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_ReadsTheSourceToItsEnd() // T13
    {
        var source = new MemoryStream([.. new RawTar().Header("a").End(), .. new byte[1_000_000]]);

        TarListing listing = await RawTar.ReadAsync(source);

        Assert.Equal(source.Length, source.Position);
        Assert.Empty(listing.Oddities);
    }

    [Fact]
    public async Task ReadNext_PassesOverContentThatWasNotRead()
    {
        byte[] archive = new RawTar().File("a", new string('x', 1_000_000)).File("b", "y").End();
        using var reader = new TarReader(new MemoryStream(archive));
        CancellationToken token = TestContext.Current.CancellationToken;

        await reader.ReadNextAsync(token);
        int read = await reader.ReadContentAsync(new byte[10], token);
        TarEntry? next = await reader.ReadNextAsync(token);

        Assert.Equal(10, read);
        Assert.Equal("b", next?.DisplayName);
    }

    [Fact]
    public async Task TryTakeContent_TakesSmallFilesWhateverTheSourceGives()
    {
        byte[] archive = new RawTar().File("a", new string('x', 100_000)).End();
        using var reader = new TarReader(new TrickleStream(archive, 1000));

        TarEntry? entry = await reader.ReadNextAsync(TestContext.Current.CancellationToken);

        Assert.True(reader.TryTakeContent(out ReadOnlyMemory<byte> content));
        Assert.Equal(entry?.Size, content.Length);
        Assert.Equal(0, await reader.ReadContentAsync(new byte[10], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReadNext_GivesTheSameWhateverTheSourceGives()
    {
        byte[] archive = new RawTar()
            .Pax(("path", new string('p', 3000)))
            .File("a", new string('x', 5000))
            .File("b", "y")
            .End();

        TarListing whole = await RawTar.ReadAsync(archive);
        TarListing trickled = await RawTar.ReadAsync(new TrickleStream(archive, 1));

        Assert.Equal(whole.Names, trickled.Names);
        Assert.Equal(whole.Rows.Select(row => row.Text), trickled.Rows.Select(row => row.Text));
    }

    [Fact]
    public async Task ReadNext_IsUsedByNobodyAfterAFailure()
    {
        using var reader = new TarReader(new MemoryStream([1, .. new byte[511], .. new RawTar().Header("a").End()]));
        CancellationToken token = TestContext.Current.CancellationToken;

        await Assert.ThrowsAsync<LayerException>(() => reader.ReadNextAsync(token).AsTask());

        await Assert.ThrowsAsync<InvalidOperationException>(() => reader.ReadNextAsync(token).AsTask());
    }

    [Fact]
    public async Task Dispose_LeavesTheSourceOpen()
    {
        var source = new MemoryStream(new RawTar().Header("a").End());
        var reader = new TarReader(source);

        reader.Dispose();

        Assert.True(source.CanRead);
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => reader.ReadNextAsync(TestContext.Current.CancellationToken).AsTask());
    }

    [Fact]
    public void Constructor_RefusesNoSource() =>
        Assert.Throws<ArgumentNullException>(() => new TarReader(null!));

    [Fact]
    public void Options_RefuseLimitsOfNothing()
    {
        var options = new TarReaderOptions();

        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxEntries = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxMetadataSize = -1);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxSparseSize = 0);
    }

    private static void Device(byte[] block, string major, string minor)
    {
        RawTar.Put(block, 329, major);
        RawTar.Put(block, 337, minor);
    }
}
