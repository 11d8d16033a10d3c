using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OciImage.Compression;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

/// <summary>The bytes that docs/layers.md promises: the digest below was computed by another program from that text.</summary>
[Collection(nameof(TimeZoneCollection))]
public sealed class TarGoldenTests
{
    private const string Golden = "05c5fc69e3b47ca5564437bd549beee4d9b35be6d424b3a95ae819edc33120f8";

    private static readonly TarEntry[] Entries =
    [
        new() { Type = TarEntryType.Directory, Name = "bin"u8.ToArray(), Mode = 0x1ED, ModifiedTime = new TarTimestamp(1_500_000_000, 0) },
        TestEntries.File("bin/tool", "hello", mode: 0x9ED, uid: 1000, gid: 100, time: new TarTimestamp(1_500_000_000, 120_000_000)),
        TestEntries.Link(TarEntryType.HardLink, "bin/tool2", "bin/tool"),
        TestEntries.File("big-owner", "", uid: 4_294_967_294, gid: 2_097_152, time: new TarTimestamp(-3, 500_000_000)),
        TestEntries.File(new string('d', 100) + "/" + new string('f', 90), "x"),
        TestEntries.File(new string('n', 101), new string('y', 512)),
        TestEntries.File("n\u00FC", "", time: new TarTimestamp(8_589_934_592, 0)),
        TestEntries.Link(TarEntryType.SymbolicLink, "link", new string('t', 101)),
        new() { Type = TarEntryType.CharacterDevice, Name = "null"u8.ToArray(), Mode = 0x1B6, DeviceMajor = 1, DeviceMinor = 3 },
        new() { Type = TarEntryType.BlockDevice, Name = "disk"u8.ToArray(), Mode = 0x1B0, DeviceMajor = 4095, DeviceMinor = 1_048_575 },
        new() { Type = TarEntryType.Fifo, Name = "pipe"u8.ToArray(), Mode = 0x1A4 },
        new()
        {
            Type = TarEntryType.RegularFile,
            Name = "xattrs"u8.ToArray(),
            Mode = 0x1A4,
            Xattrs =
            [
                new TarXattr("security.capability"u8.ToArray(), new byte[] { 1, 0, 0, 2, 0, 4, 0, 0 }),
                new TarXattr("user.=\u00FF"u8.ToArray(), "v"u8.ToArray()),
                new TarXattr("user.a"u8.ToArray(), new byte[] { 0, 10, 61, 255 }),
            ],
        },
    ];

    [Theory]
    [InlineData("-", ".", "UTC")]
    [InlineData("-", ",", "Europe/Berlin")] // as de-DE
    [InlineData("\u2212", ",", "Asia/Kathmandu")] // as sv-SE
    [InlineData("\u061C-", "\u066B", "America/St_Johns")] // as ar-SA
    [InlineData("minus", "point", "Pacific/Kiritimati")]
    public async Task Archive_HasTheseBytesInEveryCultureAndTimeZone(string minus, string point, string zone)
    {
        (CultureInfo before, string? zoneBefore) = (CultureInfo.CurrentCulture, Environment.GetEnvironmentVariable("TZ"));
        try
        {
            // Made here, since a system without ICU has no cultures.
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            culture.NumberFormat.NegativeSign = minus;
            culture.NumberFormat.NumberDecimalSeparator = point;
            culture.NumberFormat.NumberGroupSeparator = "'";
            CultureInfo.CurrentCulture = culture;
            Environment.SetEnvironmentVariable("TZ", zone);
            TimeZoneInfo.ClearCachedData();

            byte[] archive = await TestEntries.WriteAsync(Entries);

            Assert.Equal(Golden, Convert.ToHexStringLower(SHA256.HashData(archive)));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
            Environment.SetEnvironmentVariable("TZ", zoneBefore);
            TimeZoneInfo.ClearCachedData();
        }
    }

    [Fact]
    public async Task Archive_HasTheseBytesHoweverManyAreWrittenAtOnce()
    {
        byte[][] archives = await Task.WhenAll(
            Enumerable.Range(0, 4 * Environment.ProcessorCount).Select(_ => Task.Run(() => TestEntries.WriteAsync(Entries))));

        Assert.All(archives, archive => Assert.Equal(Golden, Convert.ToHexStringLower(SHA256.HashData(archive))));
    }

    [Fact]
    public async Task Header_StandsByteForByteAsDocumented()
    {
        byte[] archive = await TestEntries.WriteAsync(Entries[1]);

        string expected =
            Field("PaxHeaders/entry", 100) + "0000644\00000000\00000000\000000000027\000000000000\0" + "011107\0 " + "x" + Field("", 100) +
            "ustar\0" + "00" + Field("", 64) + "0000000\00000000\0" + Field("", 167) +
            Field("23 mtime=1500000000.12\n", 512) +
            Field("bin/tool", 100) + "0004755\00001750\00000144\000000000005\013132027400\0" + "012022\0 " + "0" + Field("", 100) +
            "ustar\0" + "00" + Field("", 64) + "0000000\00000000\0" + Field("", 167) +
            Field("\0\u0001\u0002\u0003\u0004", 512) + Field("", 1024);
        string actual = Encoding.Latin1.GetString(archive);
        Assert.Equal(WithoutChecksums(expected), WithoutChecksums(actual));

        static string Field(string text, int length) => text.PadRight(length, '\0');
    }

    [Theory]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public async Task Compressed_IsTheSameForOneVersionCodecAndLevel(CompressionFormat format)
    {
        byte[] archive = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * i / 7))];

        byte[][] blobs = await Task.WhenAll(
            Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => Task.Run(() => CompressAsync(archive, format))));

        Assert.Single(blobs.Select(Convert.ToHexString).Distinct());
    }

    private static async Task<byte[]> CompressAsync(byte[] archive, CompressionFormat format)
    {
        using var target = new MemoryStream();
        await using (Stream compressor = LayerCompression.OpenCompressor(target, format, 3, leaveOpen: true))
        {
            await compressor.WriteAsync(archive);
        }

        return target.ToArray();
    }

    // They follow from the rest, and the digest above has them.
    private static string WithoutChecksums(string archive)
    {
        var text = new StringBuilder(archive);
        foreach (int header in new[] { 0, 1024 })
        {
            text.Remove(header + 148, 8).Insert(header + 148, "checksum");
        }

        return text.ToString();
    }
}
