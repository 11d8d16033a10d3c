using CsCheck;
using OciImage.Server.Blobs;
using OciImage.Server.Uploads;

namespace OciImage.Server.Tests.Blobs;

public sealed class ByteRangeTests
{
    private static readonly Gen<string> Header =
        Gen.Char["bytes=0123456789-, \0x"].Array[0, 30].Select(characters => new string(characters));

    [Fact]
    public void TryParse_NeverLeavesTheBlob()
    {
        Gen.Select(Header.Select(text => "bytes=" + text), Gen.Long[0, long.MaxValue]).Sample((header, size) =>
        {
            if (ByteRange.TryParse(header, size, out ByteRange range))
            {
                Assert.InRange(range.Offset, 0, size);
                Assert.InRange(range.Length, 0, size - range.Offset);
            }
        });
    }

    [Fact]
    public void TryParse_FindsEveryRange()
    {
        Gen.Select(Gen.Long[0, 1000], Gen.Long[0, 1000], Gen.Long[1, 1000]).Sample((first, length, size) =>
        {
            Assert.True(ByteRange.TryParse($"bytes={first}-{first + length}", size, out ByteRange range));
            Assert.Equal(
                first >= size ? default : new ByteRange(first, Math.Min(length + 1, size - first)), range);
        });
    }

    [Fact]
    public void ContentRange_IsReadAsItIsWritten()
    {
        Gen.Select(Gen.Long[0, long.MaxValue / 2], Gen.Long[0, 1000]).Sample((first, length) =>
        {
            Assert.True(ContentRange.TryParse($"{first}-{first + length}", out ContentRange range));
            Assert.Equal(length + 1, range.Length);
        });
        Header.Sample(text => !ContentRange.TryParse(text, out ContentRange range) || range.Length > 0);
    }
}
