using CsCheck;

namespace OciImage.Tests;

public sealed class PlatformTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("linux/amd64/v1", "linux/amd64")]
    [InlineData("linux/amd64/v3", "linux/amd64/v3")]
    [InlineData("linux/x86_64", "linux/amd64")]
    [InlineData("linux/x86-64", "linux/amd64")]
    [InlineData("linux/i386", "linux/386")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/arm64/8", "linux/arm64")]
    [InlineData("linux/arm64/v8.0", "linux/arm64")]
    [InlineData("linux/arm64/v9.0", "linux/arm64/v9")]
    [InlineData("linux/arm", "linux/arm/v7")]
    [InlineData("linux/arm/6", "linux/arm/v6")]
    [InlineData("linux/armhf", "linux/arm/v7")]
    [InlineData("linux/armel", "linux/arm/v6")]
    [InlineData("Linux/AMD64", "linux/amd64")]
    [InlineData("macOS/arm64", "darwin/arm64")]
    [InlineData("linux/riscv64", "linux/riscv64")]
    [InlineData("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64")]
    [InlineData("windows(10.0.17763+win32k)/amd64", "windows(10.0.17763+win32k)/amd64")]
    [InlineData("linux(+sse4)/amd64", "linux(+sse4)/amd64")]
    public void Parse_Normalises(string text, string expected)
    {
        var platform = Platform.Parse(text);

        Assert.Equal(expected, platform.ToString());
        Assert.Equal(platform, Platform.Parse(expected));
        Assert.Equal(platform, platform.Normalize());
    }

    [Theory]
    [InlineData("")]
    [InlineData("linux")]
    [InlineData("linux/")]
    [InlineData("/amd64")]
    [InlineData("linux/amd64/")]
    [InlineData("linux/amd64/v1/x")]
    [InlineData("linux/amd 64")]
    [InlineData("linux(/amd64")]
    [InlineData("linux(1)x/amd64")]
    [InlineData("(1)/amd64")]
    [InlineData("linux/amd64\n")]
    [InlineData("linux(1+)/amd64")]
    [InlineData("*/*")]
    public void Parse_RefusesWhatIsNoPlatform(string text)
    {
        Assert.Throws<FormatException>(() => Platform.Parse(text));
        Assert.False(Platform.TryParse(text, out _));
    }

    [Fact]
    public void Equality_ComparesTheFieldsAsWritten()
    {
        var left = new Platform { Os = "linux", Architecture = "arm64", OsFeatures = ["a", "b"] };

        Assert.Equal(left, new Platform { Os = "linux", Architecture = "arm64", OsFeatures = new List<string> { "a", "b" } });
        Assert.NotEqual(left, left with { Variant = "v8" });
        Assert.NotEqual(left, left with { OsFeatures = ["b", "a"] });
        Assert.Equal(left.GetHashCode(), (left with { OsFeatures = [.. left.OsFeatures] }).GetHashCode());
    }

    [Fact]
    public void ToString_IsReadAsAnEqualPlatform()
    {
        Gen<string> word = Gen.String[Gen.Char["abxvAB019._-"], 1, 8];

        Gen.Select(word, word, word.Null(), word.Null(), word.Array[0, 3]).Sample((os, architecture, variant, version, features) =>
        {
            Platform platform = new Platform
            {
                Os = os,
                Architecture = architecture,
                Variant = variant,
                OsVersion = version,
                OsFeatures = features,
            }.Normalize();

            Assert.Equal(platform, Platform.Parse(platform.ToString()));
        });
    }

    [Fact]
    public void TryParse_NeverThrows() =>
        Gen.String[Gen.Char["ax/()+._-\0é "], 0, 30].Sample(text =>
        {
            if (Platform.TryParse(text, out Platform? platform))
            {
                Assert.Equal(platform, Platform.Parse(platform.ToString()));
            }
        });
}
