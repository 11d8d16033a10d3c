using System.Globalization;
using System.Text;
using CsCheck;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

public sealed class TarWriterTests
{
    public static TheoryData<TarEntry, string> Unwritable => new()
    {
        { TestEntries.File("") , "name is empty" },
        { TestEntries.File("a\0b"), "NUL" }, // P22
        { TestEntries.File("a/"), "slash" }, // it would come back as a directory
        { TestEntries.File("a", size: -1), "negative" },
        { TestEntries.File("a", mode: 0x1000), "mode" },
        { TestEntries.File("a", mode: -1), "mode" },
        { TestEntries.File("a", uid: -1), "owner" }, // X01
        { TestEntries.File("a", uid: uint.MaxValue), "owner" }, // X01
        { TestEntries.File("a", gid: 1L << 32), "owner" }, // X01
        { TestEntries.File("a", time: new TarTimestamp(0, -1)), "nanoseconds" },
        { TestEntries.File("a", time: new TarTimestamp(0, 1_000_000_000)), "nanoseconds" },
        { TestEntries.File("a", xattr: ("", "x")), "attribute" },
        { TestEntries.File("a", xattr: ("user.a\0b", "x")), "attribute" },
        { TestEntries.File("a", xattr: ("user.a", "")), "empty" },
        { TestEntries.File("a", xattr: ("user.a", new string('x', 1 << 20))), "extended header" },
        { TestEntries.Link(TarEntryType.SymbolicLink, "a", ""), "target" },
        { TestEntries.Link(TarEntryType.HardLink, "a", ""), "target" },
        { TestEntries.Link(TarEntryType.SymbolicLink, "a", "b\0"), "NUL" },
        { TestEntries.Link(TarEntryType.RegularFile, "a", "b"), "target" },
        { TestEntries.Link(TarEntryType.SymbolicLink, "a", "b", size: 1), "size" },
        { TestEntries.Link((TarEntryType)99, "a", ""), "type" },
    };

    [Theory]
    [MemberData(nameof(Unwritable), DisableDiscoveryEnumeration = true)]
    public async Task WriteEntry_RefusesWhatAnArchiveCannotHold(TarEntry entry, string reason)
    {
        var target = new MemoryStream();
        var writer = new TarWriter(target);

        var error = await Assert.ThrowsAsync<LayerException>(
            () => writer.WriteEntryAsync(entry, TestContext.Current.CancellationToken).AsTask());

        Assert.Equal(LayerErrorKind.Unsupported, error.Kind);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, target.Length);
    }

    [Fact]
    public async Task WriteEntry_SaysInUstarWhatUstarCanSay()
    {
        string name = new string('p', 155) + "/" + new string('n', 100);
        byte[] archive = await TestEntries.WriteAsync(TestEntries.File(name, "hello", time: new TarTimestamp(1, 0)));

        Assert.Equal(512 + 512 + 1024, archive.Length);
        Assert.Equal("ustar\0" + "00", Encoding.ASCII.GetString(archive, 257, 8));
        Assert.Equal((byte)'0', archive[156]);
    }

    [Theory]
    [InlineData("mtime", "1.5")]
    [InlineData("mtime", "-0.5")]
    [InlineData("mtime", "-1.000000001")]
    [InlineData("mtime", "8589934592")]
    [InlineData("mtime", "-1")]
    public async Task WriteEntry_SaysOddTimesInARecord(string key, string value)
    {
        decimal seconds = decimal.Parse(value, CultureInfo.InvariantCulture);
        var time = new TarTimestamp(
            (long)Math.Floor(seconds), (int)((seconds - Math.Floor(seconds)) * 1_000_000_000));

        byte[] archive = await TestEntries.WriteAsync(TestEntries.File("a", time: time));

        string record = Encoding.ASCII.GetString(archive, 512, 512).TrimEnd('\0');
        Assert.Equal(RawTar.Record(key, value), record);
    }

    [Fact]
    public async Task WriteEntry_WritesRecordsInOneForm()
    {
        TarEntry entry = TestEntries.File(
            new string('n', 101), uid: 1 << 21, gid: 1 << 21, time: new TarTimestamp(1, 1), xattr: ("user.z", "1"));

        byte[] archive = await TestEntries.WriteAsync(entry);

        Assert.Equal("PaxHeaders/entry", Encoding.ASCII.GetString(archive, 0, 100).TrimEnd('\0'));
        Assert.Equal(new string('0', 11), Encoding.ASCII.GetString(archive, 136, 11)); // no time of its own
        string records = Encoding.ASCII.GetString(archive, 512, 512).TrimEnd('\0');
        Assert.Equal(
            ["SCHILY.xattr.user.z", "gid", "mtime", "path", "uid"],
            records.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', '=')[1]));
    }

    [Fact]
    public async Task WriteEntry_EndsTheNamesOfDirectoriesWithASlash()
    {
        byte[] archive = await TestEntries.WriteAsync(
            TestEntries.Link(TarEntryType.Directory, "a", ""), TestEntries.Link(TarEntryType.Directory, "b/", ""));

        Assert.Equal(["a/", "b/"], (await RawTar.ReadAsync(archive)).Names);
    }

    [Fact]
    public async Task WriteEntry_WritesTheSameBytesInEveryCulture()
    {
        TarEntry entry = TestEntries.File(new string('n', 300), "x", uid: 4_000_000_000, time: new TarTimestamp(-5, 1));
        byte[] expected = await TestEntries.WriteAsync(entry);
        CultureInfo before = CultureInfo.CurrentCulture;
        var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        odd.NumberFormat.NegativeSign = "minus";
        odd.NumberFormat.NumberDecimalSeparator = ",";

        try
        {
            CultureInfo.CurrentCulture = odd;
            Assert.Equal(expected, await TestEntries.WriteAsync(entry));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public async Task Complete_WritesTwoBlocksOfZeros()
    {
        byte[] archive = await TestEntries.WriteAsync();

        Assert.Equal(new byte[1024], archive);
    }

    [Fact]
    public async Task WriteContent_TakesExactlyTheSize()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        var writer = new TarWriter(new MemoryStream());
        await writer.WriteEntryAsync(TestEntries.File("a", "12345"), token);
        await writer.WriteContentAsync("123"u8.ToArray(), token);

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => writer.WriteEntryAsync(TestEntries.File("b"), token).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync(token).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => writer.WriteContentAsync("456"u8.ToArray(), token).AsTask());
        await writer.WriteContentAsync("45"u8.ToArray(), token);
        await writer.CompleteAsync(token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync(token).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => writer.WriteEntryAsync(TestEntries.File("b"), token).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => writer.WriteContentAsync("4"u8.ToArray(), token).AsTask());
    }

    [Fact]
    public async Task EveryMember_RefusesNoArgument()
    {
        Assert.Throws<ArgumentNullException>(() => new TarWriter(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(
            () => new TarWriter(Stream.Null).WriteEntryAsync(null!, TestContext.Current.CancellationToken).AsTask());
    }

    [Fact]
    public Task WhatIsWritten_IsReadBack() => TestEntries.Any.Array[0, 5].SampleAsync(
        async written =>
        {
            TarListing read = await RawTar.ReadAsync(await TestEntries.WriteAsync(written));

            Assert.Equal(written.Length, read.Rows.Count);
            Assert.Empty(read.Oddities);
            for (int i = 0; i < written.Length; i++)
            {
                TestEntries.AssertSame(written[i], read.Rows[i].Entry);
                Assert.Equal(TestEntries.ContentOf(written[i]), read.Rows[i].Content);
            }
        },
        iter: 500);
}
