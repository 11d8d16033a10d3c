using System.Buffers.Binary;
using System.Text;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

/// <summary>Numbers, names and maps in every place and form that a header has for them.</summary>
public sealed class TarReaderHostileTests
{
    [Theory]
    [InlineData(100, 8, false)] // mode
    [InlineData(108, 8, false)] // uid
    [InlineData(116, 8, false)] // gid
    [InlineData(124, 12, false)] // size, T08
    [InlineData(136, 12, true)] // mtime may be before 1970
    [InlineData(329, 8, false)] // major
    [InlineData(337, 8, false)] // minor
    public async Task Number_InBase256IsNegativeOnlyWhereThatMeansSomething(int offset, int length, bool isTime)
    {
        byte[] archive = new RawTar().Header("a", '3', change: block => PutBinary(block, offset, length, -1)).End();

        if (isTime)
        {
            Assert.Equal(new TarTimestamp(-1, 0), (await RawTar.ReadAsync(archive)).Single.ModifiedTime);
        }
        else if (offset == 100)
        {
            // A mode is masked to the bits that a file has, whatever stands above them: X13.
            Assert.Equal(0xFFF, (await RawTar.ReadAsync(archive)).Single.Mode);
        }
        else
        {
            Assert.Equal(LayerErrorKind.Malformed, (await RefuseAsync(archive)).Kind);
        }
    }

    [Theory]
    [InlineData(124)] // size, T09
    [InlineData(136)] // mtime, X12
    public async Task Number_InBase256WithMoreThan63BitsIsRefused(int offset)
    {
        foreach (byte first in new byte[] { 0x80, 0xBF })
        {
            byte[] archive = new RawTar().Header("a", change: block =>
            {
                block.AsSpan(offset, 12).Fill(0xFF);
                block[offset] = first;
            }).End();

            Assert.Equal(LayerErrorKind.Malformed, (await RefuseAsync(archive)).Kind);
        }
    }

    [Fact]
    public async Task Number_OfTheChecksumIsNeverBinary() // T11
    {
        byte[] block = new RawTar().Header("a").Open();
        block.AsSpan(148, 8).Clear();
        block[148] = 0x80;

        await RefuseAsync([.. block, .. new byte[1024]]);
    }

    [Theory]
    [InlineData("77777777777\0", 0x1FFFFFFFF)] // octal without sign: 8 GiB - 1
    [InlineData("777777777777", 0xFFFFFFFFF)] // no end: 64 GiB - 1
    public async Task Number_InOctalIsExact(string field, long seconds) // T26
    {
        byte[] archive = new RawTar().Header("a", change: block => RawTar.Put(block, 136, field)).End();

        Assert.Equal(seconds, (await RawTar.ReadAsync(archive)).Single.ModifiedTime.Seconds);
    }

    [Theory]
    [InlineData("uid", "4294967294")] // X01
    [InlineData("gid", "2147483648")] // X01
    [InlineData("mtime", "-9223372036854775808")] // X12
    [InlineData("mtime", "0.99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999")] // X12
    [InlineData("atime", "-1.5")]
    [InlineData("size", "0")]
    public async Task Record_AtTheEdgeIsRead(string key, string value)
    {
        byte[] archive = new RawTar().Pax((key, value)).Header("a").End();

        TarEntry entry = (await RawTar.ReadAsync(archive)).Single;

        Assert.Equal(key == "uid" ? 4294967294 : 0, entry.Uid);
        Assert.Equal(key == "gid" ? 2147483648 : 0, entry.Gid);
        Assert.Equal(value[0] == '-' && key == "mtime" ? long.MinValue : 0, entry.ModifiedTime.Seconds);
        Assert.Equal(value.StartsWith("0.9", StringComparison.Ordinal) ? 999_999_999 : 0, entry.ModifiedTime.Nanoseconds);
    }

    [Theory]
    [InlineData("ctime", "x")]
    [InlineData("atime", "NaN")] // X12
    [InlineData("gid", "-1")] // X01
    [InlineData("uid", "1.0")]
    [InlineData("size", "-9223372036854775808")] // T08
    [InlineData("size", "9223372036854775297")] // T09: the padding would pass the end of numbers
    [InlineData("GNU.sparse.realsize", "-1")]
    [InlineData("GNU.sparse.numblocks", "-1")]
    [InlineData("GNU.sparse.major", "x")]
    public async Task Record_BeyondTheEdgeIsRefused(string key, string value)
    {
        byte[] archive = new RawTar().Pax((key, value), ("GNU.sparse.minor", "0")).Header("a").End();

        Assert.Equal(LayerErrorKind.Malformed, (await RefuseAsync(archive)).Kind);
    }

    [Fact]
    public async Task Record_ThatIsThereTwiceCountsAsTheLastOne() // T01, as Go
    {
        byte[] archive = new RawTar().Pax(("size", "600"), ("path", "x"), ("size", "1"), ("path", "y")).Header("a").Content("c").End();

        TarListing listing = await RawTar.ReadAsync(archive);

        Assert.Equal(["y"], listing.Names);
        Assert.Equal("c", listing.Rows[0].Text);
    }

    [Fact]
    public async Task Record_OfSizeOnADirectoryIsPassedOver() // T01: nothing is smuggled behind it
    {
        byte[] archive = new RawTar().Pax(("size", "1024")).Header("d/", '5').File("next", "x").End();

        Assert.Equal(["d/", "next"], (await RawTar.ReadAsync(archive)).Names);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Name_OfGnuWinsOverTheRecordInEitherOrder(bool recordFirst) // as Go
    {
        var tar = new RawTar();
        tar = recordFirst ? tar.Pax(("path", "record"), ("linkpath", "record")) : tar;
        tar = tar.Extended('L', "long\0").Extended('K', "target\0");
        tar = recordFirst ? tar : tar.Pax(("path", "record"), ("linkpath", "record"));

        TarEntry entry = (await RawTar.ReadAsync(tar.Header("short", '2').End())).Single;

        Assert.Equal(("long", "target"), (entry.DisplayName, Encoding.ASCII.GetString(entry.LinkName.Span)));
    }

    [Theory]
    [InlineData(130)]
    [InlineData(131)]
    public async Task Prefix_OfStarHas131Bytes(int length) // T24
    {
        byte[] archive = new RawTar().Header("n", change: block =>
        {
            RawTar.Put(block, 345, new string('p', length));
            RawTar.Put(block, 476, "00000000000 00000000000 ");
            RawTar.Put(block, 508, "tar\0");
        }).End();

        Assert.Equal(new string('p', length) + "/n", (await RawTar.ReadAsync(archive)).Names.Single());
    }

    [Fact]
    public async Task Record_ThatNobodyKnowsIsPassedOver()
    {
        byte[] archive = new RawTar()
            .Pax(
                ("SCHILY.acl.access", "user::rwx"), ("SCHILY.dev", "x"), ("SCHILY.xattr", "x"), ("SCHILY.xattrs.user.a", "x"),
                ("LIBARCHIVE.xattr.user.a", "eA"), ("LIBARCHIVE.creationtime", "x"), ("comment", "\0"), ("VENDOR.x=y", "z"))
            .File("a", "x")
            .End();

        Assert.Empty((await RawTar.ReadAsync(archive)).Single.Xattrs);
    }

    [Theory]
    [InlineData("user.a%3Db", "AAo9", "user.a=b")]
    [InlineData("user.a%3Db", "AA==", "user.a=b")] // with padding
    [InlineData("user.%FF%25%3D", "/w", "user.\u00FF%=")]
    public async Task Xattr_WhoseNameHasAnEqualsSignIsReadInLibarchivesForm(string key, string value, string name)
    {
        TarXattr xattr = Assert.Single((await RawTar.ReadAsync(new RawTar().Pax(("LIBARCHIVE.xattr." + key, value)).Header("a").End())).Single.Xattrs);

        Assert.Equal(name, Encoding.Latin1.GetString(xattr.Name.Span));
        Assert.Equal(value.TrimEnd('='), Convert.ToBase64String(xattr.Value.Span).TrimEnd('='));
    }

    [Theory] // nobody hides an attribute from the tools that read star's form alone
    [InlineData("security.capability", "AA")]
    [InlineData("user.a%3", "AA")]
    [InlineData("user.a%3Db%00", "AA")]
    [InlineData("user.a%3Dg", "A")]
    [InlineData("user.a%3Dg", "A*A=")]
    [InlineData("user.a%zz%3D", "AA")]
    public async Task Xattr_InLibarchivesFormIsPassedOverOtherwise(string key, string value)
    {
        byte[] archive = new RawTar().Pax(("LIBARCHIVE.xattr." + key, value)).Header("a").End();

        Assert.Empty((await RawTar.ReadAsync(archive)).Single.Xattrs);
    }

    public static TheoryData<string, string> BadGnuMaps => new()
    {
        { "12", "9,2,4,3" }, // out of order
        { "12", "4,3,6,2" }, // overlap
        { "12", "4,3,11,2" }, // beyond the end
        { "12", "4,3" }, // less than there is
        { "12", "4,3,9,3" }, // more than there is
        { "12", "4,3,-1,2" },
        { "12", "4,3,9,-1" },
        { "-1", "4,3,9,2" },
        { "12", "9223372036854775807,5" }, // the end overflows
        { "4", "0,5" }, // more data than the file has bytes
    };

    [Theory]
    [MemberData(nameof(BadGnuMaps))]
    public async Task Map_OfTheOldFormatThatDoesNotFitIsRefused(string realSize, string map) // T06
    {
        long[] numbers = [.. map.Split(',').Select(number => long.Parse(number, System.Globalization.CultureInfo.InvariantCulture))];
        byte[] archive = new RawTar()
            .Header("f", 'S', 5, block =>
            {
                RawTar.Put(block, 257, "ustar  \0");
                for (int i = 0; i < numbers.Length; i++)
                {
                    PutBinary(block, 386 + (12 * i), 12, numbers[i]);
                }

                PutBinary(block, 483, 12, long.Parse(realSize, System.Globalization.CultureInfo.InvariantCulture));
            })
            .Content("abcde")
            .End();

        // An offset in base 256 is 0x80 in its first byte, so that it does not end the map.
        Assert.Equal(LayerErrorKind.Malformed, (await RefuseAsync(archive)).Kind);
    }

    [Fact]
    public async Task Map_OfTheOldFormatWithAHugeFileIsLimited() // T07
    {
        byte[] archive = new RawTar()
            .Header("f", 'S', 0, block =>
            {
                RawTar.Put(block, 257, "ustar  \0");
                PutBinary(block, 483, 12, long.MaxValue);
            })
            .End();

        Assert.Equal(LayerErrorKind.LimitExceeded, (await RefuseAsync(archive)).Kind);
    }

    [Fact]
    public async Task Map_OfTheOldFormatEndsWithTheArchive() // T06
    {
        byte[] archive = new RawTar()
            .Header("f", 'S', 0, block =>
            {
                RawTar.Put(block, 257, "ustar  \0");
                block[482] = 1;
            })
            .Open();

        Assert.Equal(LayerErrorKind.Malformed, (await RefuseAsync(archive)).Kind);
    }

    [Theory]
    [InlineData("offset numbytes offset")] // an offset alone
    [InlineData("numbytes offset")]
    [InlineData("offset offset numbytes numbytes")]
    [InlineData("numblocks offset numbytes offset numbytes")] // one extent claimed, two given
    public async Task Map_OfFormat00ThatDoesNotAlternateIsRefused(string keys)
    {
        (string, string)[] records =
        [
            ("GNU.sparse.size", "12"),
            .. keys.Split(' ').Select(key => ("GNU.sparse." + key, key == "numblocks" ? "1" : "2")),
        ];

        Assert.Equal(LayerErrorKind.Malformed, (await RefuseAsync(new RawTar().Pax(records).File("f", "ab").End())).Kind);
    }

    [Theory]
    [InlineData("2\n9\n2\n4\n3\n")] // out of order
    [InlineData("2\n4\n3\n6\n2\n")] // overlap
    [InlineData("2\n4\n3\n11\n2\n")] // beyond the end
    [InlineData("1\n4\n3\n")] // less than there is
    [InlineData("1\n999999999999999999\n5\n")]
    public async Task Map_OfFormat10ThatDoesNotFitIsRefused(string map)
    {
        byte[] archive = new RawTar()
            .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "12"))
            .Header("f", '0', 517)
            .Content(map + new string('\0', 512 - map.Length) + "abcde")
            .End();

        Assert.Equal(LayerErrorKind.Malformed, (await RefuseAsync(archive)).Kind);
    }

    private static Task<LayerException> RefuseAsync(byte[] archive) =>
        Assert.ThrowsAsync<LayerException>(() => RawTar.ReadAsync(archive));

    private static void PutBinary(byte[] block, int offset, int length, long value)
    {
        Span<byte> field = block.AsSpan(offset, length);
        field.Fill(value < 0 ? (byte)0xFF : (byte)0);
        BinaryPrimitives.WriteInt64BigEndian(field[^8..], value);
        field[0] |= 0x80;
    }
}
