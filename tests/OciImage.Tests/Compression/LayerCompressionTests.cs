using CsCheck;
using OciImage.Compression;
using OciImage.Tests.Tar;

namespace OciImage.Tests.Compression;

public sealed class LayerCompressionTests
{
    public static TheoryData<CompressionFormat> Formats => [.. Enum.GetValues<CompressionFormat>()];

    [Theory]
    [InlineData(MediaTypes.Layer, CompressionFormat.None)]
    [InlineData(MediaTypes.LayerGzip, CompressionFormat.Gzip)]
    [InlineData(MediaTypes.LayerZstd, CompressionFormat.Zstd)]
    [InlineData(MediaTypes.NonDistributableLayer, CompressionFormat.None)]
    [InlineData(MediaTypes.NonDistributableLayerGzip, CompressionFormat.Gzip)]
    [InlineData(MediaTypes.NonDistributableLayerZstd, CompressionFormat.Zstd)]
    [InlineData(MediaTypes.DockerLayer, CompressionFormat.None)]
    [InlineData(MediaTypes.DockerLayerGzip, CompressionFormat.Gzip)]
    [InlineData(MediaTypes.DockerLayerZstd, CompressionFormat.Zstd)]
    [InlineData(MediaTypes.DockerForeignLayer, CompressionFormat.None)]
    [InlineData(MediaTypes.DockerForeignLayerGzip, CompressionFormat.Gzip)]
    [InlineData(MediaTypes.ImageManifest, null)]
    [InlineData("", null)]
    public void FromMediaType_TellsWhatIsPromised(string mediaType, CompressionFormat? expected) =>
        Assert.Equal(expected, LayerCompression.FromMediaType(mediaType));

    [Theory]
    [MemberData(nameof(Formats))]
    public void Detect_TellsByTheFirstBytes(CompressionFormat format)
    {
        byte[] sample = Samples.Of(format);

        Assert.Equal(format, LayerCompression.Detect(sample));
        Assert.Equal(format, LayerCompression.Detect(sample.AsSpan(0, LayerCompression.MagicLength)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1F")]
    [InlineData("1F8B00000000")]
    [InlineData("425A68303131")]
    [InlineData("FD377A585A01")]
    public void Detect_TakesNothingElseForCompressed(string start) =>
        Assert.Equal(CompressionFormat.None, LayerCompression.Detect(Convert.FromHexString(start)));

    [Fact]
    public void Detect_KnowsSkippableFrames() =>
        Assert.Equal(CompressionFormat.Zstd, LayerCompression.Detect([0x5A, 0x2A, 0x4D, 0x18, 0, 0]));

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task OpenDecompressor_ReadsWhatWasWritten(CompressionFormat format)
    {
        byte[] sample = Samples.Of(format);

        Assert.Equal(Samples.Text, Samples.Decompress(sample, format));
        Assert.Equal(Samples.Text, await Samples.DecompressAsync(new MemoryStream(sample), format));
        Assert.Equal(Samples.Text, await Samples.DecompressAsync(new TrickleStream(sample, 1), format));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void OpenDecompressor_ReadsEveryMember(CompressionFormat format)
    {
        byte[] sample = Samples.Of(format);

        byte[] content = Samples.Decompress([.. sample, .. sample, .. sample], format);

        Assert.Equal([.. Samples.Text, .. Samples.Text, .. Samples.Text], content);
    }

    [Fact]
    public void OpenDecompressor_PassesOverPaddingBetweenStreamsOfXz() =>
        Assert.Equal(
            [.. Samples.Text, .. Samples.Text],
            Samples.Decompress([.. Samples.Xz, .. new byte[8], .. Samples.Xz, .. new byte[4]], CompressionFormat.Xz));

    [Fact]
    public void OpenDecompressor_PassesOverSkippableFrames()
    {
        byte[] skippable = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];

        byte[] content = Samples.Decompress([.. skippable, .. Samples.Zstd, .. skippable], CompressionFormat.Zstd);

        Assert.Equal(Samples.Text, content);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dispose_TreatsTheInnerStreamAsAsked(bool leaveOpen)
    {
        CompressionFormat[] formats = [CompressionFormat.None, CompressionFormat.Gzip, CompressionFormat.Zstd];
        foreach (CompressionFormat format in formats)
        {
            var source = new MemoryStream(Samples.Of(format));
            var target = new MemoryStream();

            LayerCompression.OpenDecompressor(source, format, leaveOpen: leaveOpen).Dispose();
            await LayerCompression.OpenCompressor(target, format, leaveOpen: leaveOpen).DisposeAsync();

            Assert.Equal(leaveOpen, source.CanRead);
            Assert.Equal(leaveOpen, target.CanWrite);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Read_AfterDisposeIsRefused(CompressionFormat format)
    {
        Stream stream = LayerCompression.OpenDecompressor(new MemoryStream(Samples.Of(format)), format);
        stream.Dispose();
        stream.Dispose();

        Assert.False(stream.CanRead);
        Assert.Throws<ObjectDisposedException>(() => stream.ReadByte());
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask());
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Decompressor_OnlyReadsForward(CompressionFormat format)
    {
        using Stream stream = LayerCompression.OpenDecompressor(new MemoryStream(Samples.Of(format)), format);

        Assert.Equal((true, false, false), (stream.CanRead, stream.CanSeek, stream.CanWrite));
        Assert.Equal(0, stream.Read([], 0, 0));
        Assert.Equal('h', stream.ReadByte());
        Assert.Throws<NotSupportedException>(() => stream.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(0));
        Assert.Throws<NotSupportedException>(() => stream.Write([1], 0, 1));
        Assert.Throws<NotSupportedException>(() => stream.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Read(new byte[1], 0, -1));
    }

    [Theory]
    [InlineData(CompressionFormat.None)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public void Compressor_DoesNotDependOnHowWritesAreCut(CompressionFormat format)
    {
        byte[] content = [.. Enumerable.Range(0, 400_000).Select(i => (byte)((i * 7) ^ (i >> 9)))];
        byte[] whole = Samples.Compress(content, format);

        Gen.Int[1, 100_000].Array[1, 6].Sample(
            steps =>
            {
                var target = new MemoryStream();
                using (Stream stream = LayerCompression.OpenCompressor(target, format, leaveOpen: true))
                {
                    for (int at = 0, step = 0; at < content.Length; step++)
                    {
                        int count = Math.Min(steps[step % steps.Length], content.Length - at);
                        stream.Write(content, at, count);
                        stream.Flush();
                        at += count;
                    }
                }

                Assert.Equal(whole, target.ToArray());
            },
            iter: 20);
    }

    [Theory]
    [InlineData(CompressionFormat.None)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public void Compressor_WritesNothingSoThatItCanBeRead(CompressionFormat format)
    {
        byte[] compressed = Samples.Compress([], format);

        Assert.Equal(format != CompressionFormat.None, compressed.Length > 0);
        Assert.Equal([], Samples.Decompress(compressed, format));
    }

    [Fact]
    public void Compressor_WritesAFixedHeader()
    {
        byte[] compressed = Samples.Compress(Samples.Text, CompressionFormat.Gzip);

        Assert.Equal("1F8B0800000000000003", Convert.ToHexString(compressed.AsSpan(0, 10)));
    }

    [Fact]
    public void Compressor_RoundTripsAnything() =>
        Gen.Select(Gen.Byte.Array[0, 5000], Gen.Int[0, 2].Select(i => (CompressionFormat)i))
            .Sample(
                (content, format) =>
                    Assert.Equal(content, Samples.Decompress(Samples.Compress(content, format), format)),
                iter: 200);

    [Theory]
    [InlineData(CompressionFormat.Gzip, 0)]
    [InlineData(CompressionFormat.Gzip, 10)]
    [InlineData(CompressionFormat.Zstd, 0)]
    [InlineData(CompressionFormat.Zstd, 20)]
    public void OpenCompressor_RefusesALevelOutOfRange(CompressionFormat format, int level) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => LayerCompression.OpenCompressor(Stream.Null, format, level));

    [Theory]
    [InlineData(CompressionFormat.Xz)]
    [InlineData(CompressionFormat.Bzip2)]
    public void OpenCompressor_RefusesWhatCanOnlyBeRead(CompressionFormat format) =>
        Assert.Throws<NotSupportedException>(() => LayerCompression.OpenCompressor(Stream.Null, format));

    [Fact]
    public void EveryMember_RefusesNoArgument()
    {
        Assert.Throws<ArgumentNullException>(() => LayerCompression.FromMediaType(null!));
        Assert.Throws<ArgumentNullException>(() => LayerCompression.OpenDecompressor(null!, CompressionFormat.Gzip));
        Assert.Throws<ArgumentNullException>(() => LayerCompression.OpenCompressor(null!, CompressionFormat.Gzip));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => LayerCompression.OpenDecompressor(Stream.Null, (CompressionFormat)99));
    }

    [Fact]
    public void Options_RefuseLimitsOutOfRange()
    {
        var options = new DecompressionOptions();

        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxSize = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxRatio = -1);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxZstdWindowSize = 1023);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxZstdWindowSize = int.MaxValue);
    }
}
