using System.Buffers.Binary;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

public sealed class TarReaderAttackTests
{
    [Fact]
    public async Task Size_OfTheRecordWins() // T01
    {
        byte[] smuggled = new RawTar().File("smuggled", "evil").Open();
        byte[] archive = new RawTar()
            .Pax(("size", "1024"))
            .Header("a", size: 0)
            .Raw(smuggled)
            .File("b", "y")
            .End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(["a", "b"], listing.Names);
        Assert.Equal(smuggled, listing.Rows[0].Content);
    }

    [Fact]
    public async Task Size_OfTheRecordWinsAlsoWhenItIsSmaller() // T01
    {
        byte[] inner = new RawTar().File("inner", "seen").Open();
        byte[] archive = new RawTar().Pax(("size", "0")).Header("a", size: 1024).Raw(inner).End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(["a", "inner"], listing.Names); // as Go
    }

    [Theory]
    [InlineData("no length")]
    [InlineData("9 path\n ab")] // no '='
    [InlineData("6 =x=\n")] // no key
    [InlineData("10 path=ab")] // no line end
    [InlineData("99 path=ab\n")] // longer than there is
    [InlineData("9 path=ab\n")] // shorter than the record
    [InlineData("0 path=ab\n")] // length 0
    [InlineData("-11 path=ab\n")]
    [InlineData("+11 path=ab\n")]
    [InlineData("18446744073709551627 path=ab\n")] // 2^64 + 11
    [InlineData(" 11 path=ab\n")]
    [InlineData("11path=abc\n")]
    [InlineData("11 path=ab\n\0")] // bytes after the last record
    [InlineData("11 path=ab\n5 a\n")]
    public async Task Records_ThatAreMalformedAreRefused(string records) // T02
    {
        foreach (char typeFlag in "xg")
        {
            byte[] archive = new RawTar().Extended(typeFlag, records).Header("a").End();

            var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

            Assert.Equal(LayerErrorKind.Malformed, error.Kind);
        }
    }

    [Theory]
    [InlineData("path", "a\0b")] // P22
    [InlineData("linkpath", "a\0b")] // P22
    [InlineData("uname", "a\0b")]
    [InlineData("GNU.sparse.name", "a\0b")]
    [InlineData("SCHILY.xattr.user.\0", "x")]
    [InlineData("SCHILY.xattr.", "x")] // X06
    [InlineData("size", "-1")] // T08
    [InlineData("size", "9223372036854775807")] // T09
    [InlineData("size", "9223372036854775808")] // T09
    [InlineData("size", "1e3")]
    [InlineData("size", "0x10")]
    [InlineData("size", "1.0")]
    [InlineData("size", " 1")]
    [InlineData("uid", "-1")] // X01
    [InlineData("uid", "4294967295")] // X01
    [InlineData("uid", "4294967296")] // X01
    [InlineData("gid", "4294967295")] // X01
    [InlineData("gid", "99999999999999999999")]
    [InlineData("mtime", "NaN")] // X12
    [InlineData("mtime", "1e30")] // X12
    [InlineData("mtime", "99999999999999999999")] // X12
    [InlineData("mtime", "1.2.3")] // X12
    [InlineData("mtime", "-9223372036854775808.5")]
    [InlineData("mtime", ".5")]
    public async Task Values_ThatAreOutOfRangeAreRefused(string key, string value)
    {
        byte[] archive = new RawTar().Pax((key, value)).Header("a").End();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Theory]
    [InlineData('x')] // T03
    [InlineData('g')] // T03
    [InlineData('L')] // T03
    [InlineData('K')] // T03
    public async Task Metadata_IsLimitedBeforeMemoryIsTaken(char typeFlag)
    {
        byte[] archive = new RawTar().Header("a", typeFlag, 1L << 30).Open();
        long before = GC.GetAllocatedBytesForCurrentThread();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public async Task Metadata_IsLimitedInNumber()
    {
        var tar = new RawTar();
        for (int i = 0; i < 20; i++)
        {
            tar.Pax(("path", "a"));
        }

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(tar.Header("a").End()));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Fact]
    public async Task Attributes_AreLimitedInNumber()
    {
        (string, string)[] records = [.. Enumerable.Range(0, 10_001).Select(i => ($"SCHILY.xattr.user.{i}", "x"))];

        var error = await Assert.ThrowsAsync<LayerException>(
            () => RawTar.ReadAsync(new RawTar().Pax(records).Header("a").End()));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Theory]
    [InlineData(-1)] // T08
    [InlineData(long.MinValue)] // T08
    [InlineData(long.MaxValue)] // T09
    [InlineData(long.MaxValue - 511)] // T09
    public async Task Size_OutOfRangeInBase256IsRefused(long size)
    {
        byte[] archive = new RawTar().Header("a", change: block => PutBinary(block, 124, 12, size)).End();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Fact]
    public async Task Size_BeyondTheEndIsRefused()
    {
        byte[] archive = new RawTar().Header("a", change: block => PutBinary(block, 124, 12, 1L << 60)).End();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Theory]
    [InlineData(uint.MaxValue)] // X01
    [InlineData(1L << 32)] // X01
    [InlineData(-1L)] // X01
    [InlineData(long.MaxValue)] // X01
    public async Task Owner_OutOfRangeIsRefused(long id)
    {
        foreach (int offset in new[] { 108, 116 })
        {
            byte[] archive = new RawTar().Header("a", change: block => PutBinary(block, offset, 8, id)).End();

            await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1L << 31)] // X01
    [InlineData(uint.MaxValue - 1L)] // X01
    public async Task Owner_InRangeIsExact(long id)
    {
        byte[] archive = new RawTar().Header("a", change: block => PutBinary(block, 108, 8, id)).End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(id, listing.Single.Uid);
    }

    [Theory]
    [InlineData("  0000644", 0x1A4)] // blanks in front
    [InlineData("644     ", 0x1A4)] // blanks behind
    [InlineData("07777777", 0xFFF)] // X13, no end
    [InlineData("\0\0\0\0\0\0\0\0", 0)]
    [InlineData("104755 \0", 0x9ED)] // X13: octal 4755
    public async Task Numbers_AreReadAsGoReadsThem(string field, int mode) // T26
    {
        byte[] archive = new RawTar().Header("a", change: block => RawTar.Put(block, 100, field[..8])).End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(field.StartsWith("  ", StringComparison.Ordinal) ? 0x34 : mode, listing.Single.Mode);
    }

    [Theory]
    [InlineData("0000008\0")] // T26
    [InlineData("00x0644\0")] // T26
    [InlineData("-000001\0")]
    [InlineData("0 00644\0")]
    public async Task Numbers_ThatAreNoneAreRefused(string field)
    {
        byte[] archive = new RawTar().Header("a", change: block => RawTar.Put(block, 100, field)).End();

        await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));
    }

    [Fact]
    public async Task Checksum_ThatIsWrongIsRefused() // T11
    {
        byte[] archive = new RawTar().Header("a").End();
        archive[0]++;

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Theory]
    [InlineData('x')] // T19
    [InlineData('L')] // T19
    [InlineData('K')] // T19
    public async Task ExtendedHeader_WithoutItsEntryIsRefused(char typeFlag)
    {
        string content = typeFlag == 'x' ? RawTar.Record("path", "a") : "a\0";

        await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(new RawTar().Extended(typeFlag, content).End()));
        await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(new RawTar().Extended(typeFlag, content).Open()));
        await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(
            new RawTar().Extended(typeFlag, content).PaxOfType('g', ("comment", "x")).Header("a").End()));
    }

    [Theory]
    [InlineData('X')]
    [InlineData('V')]
    [InlineData('D')]
    [InlineData('8')]
    [InlineData('\u00FF')]
    public async Task Type_ThatIsNotKnownIsRefused(char typeFlag)
    {
        byte[] archive = new RawTar().Header("a", typeFlag).End();

        var error = await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

        Assert.Equal(LayerErrorKind.Unsupported, error.Kind);
        Assert.Equal("a", error.EntryName);
    }

    [Theory]
    [InlineData('0')]
    [InlineData('7')]
    [InlineData('\0')]
    public async Task Directory_InTheOldStyleHasNoContent(char typeFlag) // T21
    {
        byte[] archive = new RawTar().File("a/", new string('x', 600), typeFlag).End();

        await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));
    }

    [Fact]
    public async Task Size_OfAnEntryWithoutContentIsPassedOver()
    {
        byte[] archive = new RawTar().Header("a/", '5', 1000).File("b", "y").End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(["a/", "b"], listing.Names);
        Assert.Equal(0, listing.Rows[0].Entry.Size);
        Assert.Single(listing.Oddities);
    }

    [Fact]
    public async Task Entries_AreLimitedInNumber() // T27
    {
        var tar = new RawTar();
        for (int i = 0; i < 11; i++)
        {
            tar.Header("a");
        }

        var error = await Assert.ThrowsAsync<LayerException>(
            () => RawTar.ReadAsync(tar.End(), new TarReaderOptions { MaxEntries = 10 }));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Fact]
    public async Task GlobalHeaders_CountAsEntries() // T27
    {
        var tar = new RawTar();
        for (int i = 0; i < 11; i++)
        {
            tar.PaxOfType('g', ("comment", "x"));
        }

        await Assert.ThrowsAsync<LayerException>(
            () => RawTar.ReadAsync(tar.End(), new TarReaderOptions { MaxEntries = 10 }));
    }

    [Fact]
    public async Task Zeros_InsideTheArchiveAreRefused()
    {
        byte[] archive = [.. new RawTar().Header("a").Open(), .. new byte[512], .. new RawTar().Header("b").End()];

        await Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));
    }

    [Fact]
    public async Task Archive_CutAnywhereNeverReadsAsAnotherOne()
    {
        byte[] archive = new RawTar()
            .Pax(("path", "long"))
            .File("a", new string('x', 700))
            .Header("f", 'L', 3).Content("b\0c").File("b", "y")
            .End();
        string[] names = [.. (await RawTar.ReadAsync(archive)).Names];

        for (int length = 0; length < archive.Length; length++)
        {
            try
            {
                TarListing listing = await RawTar.ReadAsync(archive[..length]);

                Assert.Equal(names.Take(listing.Rows.Count), listing.Names);
                Assert.All(listing.Rows, row => Assert.Equal(row.Entry.Size, row.Content.Length));
            }
            catch (LayerException exception)
            {
                Assert.Equal(LayerErrorKind.Malformed, exception.Kind);
            }
        }
    }

    [Fact]
    public async Task Source_ThatFailsIsNotMistakenForABadArchive()
    {
        byte[] archive = new RawTar().File("a", new string('x', 1_000_000)).Open()[..400_000];

        await Assert.ThrowsAsync<IOException>(() => RawTar.ReadAsync(new BrokenStream(archive)));
    }

    private static void PutBinary(byte[] block, int offset, int length, long value)
    {
        Span<byte> field = block.AsSpan(offset, length);
        field.Fill(value < 0 ? (byte)0xFF : (byte)0);
        BinaryPrimitives.WriteInt64BigEndian(field[^8..], value);
        field[0] |= 0x80;
    }
}
