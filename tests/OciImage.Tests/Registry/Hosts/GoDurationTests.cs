using OciImage.Registry.Hosts;

namespace OciImage.Tests.Registry.Hosts;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("+0", 0)]
    [InlineData("0s", 0)]
    [InlineData("1s", 1000)]
    [InlineData("300ms", 300)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1m0.5s", 60_500)]
    [InlineData("2000us", 2)]
    [InlineData("2000\u00b5s", 2)] // the micro sign
    [InlineData("2000\u03bcs", 2)] // … and the Greek letter
    [InlineData("1000000ns", 1)]
    [InlineData(".5s", 500)]
    [InlineData("1.s", 1000)]
    [InlineData("-1s", -1000)]
    [InlineData("0.1234567890123456789s", 123.4567)] // beyond what counts
    public void Parse_ReadsWhatGoReads(string text, double milliseconds) =>
        Assert.Equal(TimeSpan.FromTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond)), GoDuration.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("1")] // no unit
    [InlineData("1 s")]
    [InlineData("s")]
    [InlineData(".s")]
    [InlineData("1x")]
    [InlineData("1d")] // days vary
    [InlineData("1.2.3s")]
    [InlineData("--1s")]
    [InlineData("1s2")]
    [InlineData("1e3s")]
    [InlineData("١s")] // digits, but not ASCII
    [InlineData("9999999999999h")] // more than Go holds
    [InlineData("99999999999999999999999s")]
    [InlineData("11111111111111111111111111111111111111111111111111111111111111111s")]
    public void Parse_FindsNoneInOthers(string text) => Assert.Null(GoDuration.Parse(text));
}
