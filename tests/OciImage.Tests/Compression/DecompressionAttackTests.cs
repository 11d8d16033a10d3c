using System.Diagnostics;
using CsCheck;
using OciImage.Compression;
using OciImage.Tests.Tar;

namespace OciImage.Tests.Compression;

public sealed class DecompressionAttackTests
{
    private const int MiB = 1024 * 1024;

    public static TheoryData<CompressionFormat> Compressed =>
        [CompressionFormat.Gzip, CompressionFormat.Zstd, CompressionFormat.Xz, CompressionFormat.Bzip2];

    [Theory]
    [InlineData(CompressionFormat.None)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public void Size_IsLimitedWhileItStreams(CompressionFormat format) // D01
    {
        byte[] bomb = Samples.Compress(new byte[20 * MiB], format);

        var error = Assert.Throws<LayerException>(
            () => Samples.Decompress(bomb, format, new DecompressionOptions { MaxSize = MiB }));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Fact]
    public void Size_ThatIsExactlyTheLimitIsRead() =>
        Assert.Equal(
            Samples.Text,
            Samples.Decompress(
                Samples.Gzip, CompressionFormat.Gzip, new DecompressionOptions { MaxSize = Samples.Text.Length }));

    [Theory]
    [InlineData(CompressionFormat.Gzip, 100)] // about 1000:1
    [InlineData(CompressionFormat.Zstd, 2000)] // about 30 000:1
    public void Ratio_IsLimitedWhileItStreams(CompressionFormat format, int ratio) // D01
    {
        byte[] bomb = Samples.Compress(new byte[80 * MiB], format);

        var error = Assert.Throws<LayerException>(
            () => Samples.Decompress(bomb, format, new DecompressionOptions { MaxRatio = ratio }));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Theory]
    [InlineData(18)] // D02: 256 MiB
    [InlineData(20)] // D02: 1 GiB
    [InlineData(21)] // D02: 2 GiB
    public void Window_IsLimited(int exponent)
    {
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, (byte)(exponent << 3), .. RawBlock("x")];

        var error = Assert.Throws<LayerException>(() => Samples.Decompress(frame, CompressionFormat.Zstd));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Theory]
    [InlineData(8 * MiB, true)]
    [InlineData((8 * MiB) - 1, false)] // rounded down to 4 MiB
    public void Window_FollowsTheOption(int limit, bool accepted) // D02
    {
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 13 << 3, .. RawBlock("x")];
        var options = new DecompressionOptions { MaxZstdWindowSize = limit };

        LayerException? error = Record.Exception(
            () => Samples.Decompress(frame, CompressionFormat.Zstd, options)) as LayerException;

        Assert.Equal(accepted ? null : LayerErrorKind.LimitExceeded, error?.Kind);
    }

    [Theory]
    [InlineData(0)] // D03: less than there is
    [InlineData(2)] // D03: more than there is
    public void ContentSize_ThatLiesIsRefused(byte size)
    {
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x20, size, .. RawBlock("x")];

        var error = Assert.Throws<LayerException>(() => Samples.Decompress(frame, CompressionFormat.Zstd));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Fact]
    public void ContentSize_TakesNoMemory() // D03
    {
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 0, 0, 1, .. RawBlock("x")];

        var error = Assert.Throws<LayerException>(() => Samples.Decompress(frame, CompressionFormat.Zstd));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Fact]
    public void Dictionary_ThatIsNeededIsRefused() // D15
    {
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x21, 7, 1, .. RawBlock("x")];

        var error = Assert.Throws<LayerException>(() => Samples.Decompress(frame, CompressionFormat.Zstd));

        Assert.Equal(LayerErrorKind.Unsupported, error.Kind);
    }

    [Fact]
    public void Frames_FollowedByAnotherFormatAreRefused() // D10
    {
        var error = Assert.Throws<LayerException>(
            () => Samples.Decompress([.. Samples.Zstd, .. Samples.Gzip], CompressionFormat.Zstd));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Theory]
    [InlineData(1)] // D06
    [InlineData(512)] // D06
    [InlineData(300_000)] // D06
    public async Task Padding_AfterGzipIsReported(int length)
    {
        foreach (byte fill in new byte[] { 0, (byte)'x' })
        {
            byte[] rest = new byte[length];
            rest.AsSpan().Fill(fill);
            var source = new MemoryStream([.. Samples.Gzip, .. rest]);
            var notes = new List<string>();
            long sourceLength = source.Length;

            await using Stream stream = LayerCompression.OpenDecompressor(
                source, CompressionFormat.Gzip, new DecompressionOptions { Report = notes.Add }, leaveOpen: true);
            var target = new MemoryStream();
            await stream.CopyToAsync(target, TestContext.Current.CancellationToken);

            Assert.Equal(Samples.Text, target.ToArray());
            Assert.Single(notes);
            Assert.Equal(sourceLength, source.Position); // whoever hashes the source sees all of it
        }
    }

    [Fact]
    public void Whole_IsNotReported()
    {
        var notes = new List<string>();

        foreach (CompressionFormat format in Enum.GetValues<CompressionFormat>())
        {
            Samples.Decompress(Samples.Of(format), format, new DecompressionOptions { Report = notes.Add });
        }

        Assert.Empty(notes);
    }

    [Theory]
    [InlineData(8)] // D08: the checksum
    [InlineData(4)] // D08: the length
    public void Trailer_ThatIsWrongIsRefused(int fromEnd)
    {
        byte[] compressed = [.. Samples.Gzip];
        compressed[^fromEnd] ^= 1;

        var error = Assert.Throws<LayerException>(() => Samples.Decompress(compressed, CompressionFormat.Gzip));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Theory]
    [MemberData(nameof(Compressed))]
    public void Content_CutAnywhereIsRefused(CompressionFormat format)
    {
        byte[] whole = Samples.Of(format);
        byte[] twice = [.. whole, .. whole];

        for (int length = 0; length < twice.Length; length++)
        {
            if (length == whole.Length)
            {
                continue;
            }

            byte[] cut = twice[..length];
            // One byte or two that begin a second member cannot be told from bytes after the end.
            bool mayPass = length > whole.Length && length < whole.Length + LayerCompression.MagicLength;
            LayerException? error = Record.Exception(() => Samples.Decompress(cut, format)) as LayerException;

            Assert.True(
                error is { Kind: LayerErrorKind.Malformed } || mayPass, $"{format} cut to {length} bytes passed.");
        }
    }

    [Theory]
    [MemberData(nameof(Compressed))]
    public void Content_OfAnotherFormatIsRefused(CompressionFormat format) // D09
    {
        foreach (CompressionFormat other in Enum.GetValues<CompressionFormat>().Where(other => other != format))
        {
            var error = Assert.Throws<LayerException>(() => Samples.Decompress(Samples.Of(other), format));

            Assert.Equal(LayerErrorKind.Malformed, error.Kind);
        }
    }

    [Theory]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public void EmptyMembers_AreLimited(CompressionFormat format) // D14
    {
        byte[] member = Samples.Compress([], format);
        byte[] bomb = new byte[24 * MiB / member.Length * member.Length];
        for (int at = 0; at < bomb.Length; at += member.Length)
        {
            member.CopyTo(bomb, at);
        }

        var clock = Stopwatch.StartNew();
        var error = Assert.Throws<LayerException>(() => Samples.Decompress(bomb, format));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(8)] // D16: FNAME
    [InlineData(16)] // D16: FCOMMENT
    public void HeaderField_WithoutEndIsLimited(byte flag)
    {
        byte[] endless = new byte[20 * MiB];
        endless.AsSpan().Fill((byte)'a');

        var error = Assert.Throws<LayerException>(
            () => Samples.Decompress(Samples.GzipMember(Samples.Text, flag, endless), CompressionFormat.Gzip));

        Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
    }

    [Fact]
    public void HeaderFields_ArePassedOver() // D16
    {
        byte[] withExtra = Samples.GzipMember(Samples.Text, 4, [0xFF, 0xFF, .. new byte[65535]]);
        byte[] withName = Samples.GzipMember(Samples.Text, 8, [.. "name\0"u8]);

        Assert.Equal(Samples.Text, Samples.Decompress(withExtra, CompressionFormat.Gzip));
        Assert.Equal(Samples.Text, Samples.Decompress(withName, CompressionFormat.Gzip));
    }

    [Theory]
    [MemberData(nameof(Compressed))]
    public async Task Source_ThatFailsIsNotMistakenForBadContent(CompressionFormat format)
    {
        byte[] half = Samples.Of(format)[..20];

        await Assert.ThrowsAsync<IOException>(() => Samples.DecompressAsync(new BrokenStream(half), format));
        Assert.Throws<IOException>(() =>
        {
            using Stream stream = LayerCompression.OpenDecompressor(new BrokenStream(half), format);
            stream.CopyTo(Stream.Null);
        });
    }

    [Fact]
    public async Task Cancellation_PassesThrough()
    {
        await using Stream stream = LayerCompression.OpenDecompressor(
            new TrickleStream(Samples.Gzip, 1), CompressionFormat.Gzip);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => stream.ReadAsync(new byte[1], new CancellationToken(canceled: true)).AsTask());
    }

    [Fact]
    public void Mutation_ThrowsNothingElse() =>
        Gen.Select(
                Gen.Int[1, 4].Select(i => (CompressionFormat)i),
                Gen.Select(Gen.Int[0, 10_000], Gen.Byte).Array[1, 4],
                Gen.Int[0, 200])
            .Sample(
                (format, changes, cut) =>
                {
                    byte[] bytes = [.. Samples.Of(format)];
                    foreach ((int at, byte value) in changes)
                    {
                        bytes[at % bytes.Length] = value;
                    }

                    try
                    {
                        Samples.Decompress(
                            bytes[..Math.Max(0, bytes.Length - Math.Max(0, cut - 100))],
                            format,
                            new DecompressionOptions { MaxSize = MiB });
                    }
                    catch (LayerException)
                    {
                    }
                },
                iter: 2000);

    // The last block of a frame, stored as it is.
    private static byte[] RawBlock(string text)
    {
        int header = (text.Length << 3) | 1;
        return [(byte)header, (byte)(header >> 8), (byte)(header >> 16), .. System.Text.Encoding.ASCII.GetBytes(text)];
    }
}
