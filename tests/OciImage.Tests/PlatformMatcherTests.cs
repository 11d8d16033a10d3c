namespace OciImage.Tests;

public sealed class PlatformMatcherTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64", true)]
    [InlineData("linux/amd64", "linux/amd64/v1", true)]
    [InlineData("linux/amd64", "linux/x86_64", true)]
    [InlineData("linux/amd64", "linux/386", true)]
    [InlineData("linux/amd64", "linux/amd64/v2", false)]
    [InlineData("linux/amd64/v3", "linux/amd64/v2", true)]
    [InlineData("linux/amd64/v3", "linux/amd64/v4", false)]
    [InlineData("linux/386", "linux/amd64", false)]
    [InlineData("linux/arm64", "linux/arm64/v8", true)]
    [InlineData("linux/arm64/v8", "linux/arm64", true)]
    [InlineData("linux/arm64", "linux/arm/v8", true)]
    [InlineData("linux/arm64", "linux/arm", true)]
    [InlineData("linux/arm64", "linux/arm/v5", true)]
    [InlineData("linux/arm64", "linux/arm64/v9", false)]
    [InlineData("linux/arm64/v8.2", "linux/arm64/v8.1", true)]
    [InlineData("linux/arm64/v8.2", "linux/arm64/v8.3", false)]
    [InlineData("linux/arm64/v9", "linux/arm64/v8.5", true)]
    [InlineData("linux/arm64/v9", "linux/arm64/v8.6", false)]
    [InlineData("linux/arm64/v9.2", "linux/arm64/v9.1", true)]
    [InlineData("linux/arm64/v9.2", "linux/arm64/v8.7", true)]
    [InlineData("linux/arm64/v9.2", "linux/arm64", true)]
    [InlineData("linux/arm/v7", "linux/arm/v6", true)]
    [InlineData("linux/arm/v6", "linux/arm/v7", false)]
    [InlineData("linux/arm/v6", "linux/arm", false)]
    [InlineData("linux/arm", "linux/arm64", false)]
    [InlineData("linux/amd64", "windows/amd64", false)]
    [InlineData("linux/s390x", "linux/s390x", true)]
    [InlineData("linux/amd64", "unknown/unknown", false)] // an attestation
    [InlineData("windows(10.0.17763)/amd64", "windows(10.0.17763.1)/amd64", true)]
    [InlineData("windows(10.0.17763)/amd64", "windows(10.0.14393)/amd64", false)]
    [InlineData("windows(10.0.17763)/amd64", "windows(10.0.20348)/amd64", false)]
    [InlineData("windows(10.0.22621)/amd64", "windows(10.0.20348)/amd64", true)]
    [InlineData("windows(10.0.22621)/amd64", "windows(10.0.17763)/amd64", false)]
    [InlineData("windows(11.0.22621)/amd64", "windows(10.0.22621)/amd64", false)]
    [InlineData("windows(10.0.17763)/amd64", "windows/amd64", true)]
    [InlineData("windows/amd64", "windows(10.0.17763)/amd64", true)]
    [InlineData("windows(10.0.17763)/amd64", "windows(+win32k)/amd64", true)]
    [InlineData("windows(+other)/amd64", "windows(+win32k)/amd64", false)]
    [InlineData("linux/amd64", "linux(+feature)/amd64", false)]
    [InlineData("linux(+feature)/amd64", "linux(+feature)/amd64", true)]
    [InlineData("linux(+feature)/amd64", "linux/amd64", true)]
    public void Matches_FollowsContainerd(string wanted, string candidate, bool expected)
    {
        var matcher = new PlatformMatcher(Platform.Parse(wanted));

        Assert.Equal(expected, matcher.Matches(Platform.Parse(candidate)));
    }

    [Theory]
    [InlineData("linux/amd64", "linux/386 linux/amd64", 1)]
    [InlineData("linux/amd64/v4", "linux/amd64 linux/amd64/v3 linux/amd64/v2", 1)]
    [InlineData("linux/amd64", "linux/amd64/v3 linux/amd64", 1)]
    [InlineData("linux/arm64", "linux/arm/v7 linux/arm/v8 linux/arm64", 2)]
    [InlineData("linux/arm64", "linux/arm/v5 linux/arm/v7", 1)]
    [InlineData("linux/arm64/v9.1", "linux/arm64 linux/arm64/v8.6 linux/arm64/v9", 2)]
    [InlineData("linux/amd64", "linux/amd64 linux/amd64", 0)] // among equals the first
    [InlineData("windows(10.0.26100)/amd64", "windows(10.0.20348)/amd64 windows(10.0.25398)/amd64", 1)]
    [InlineData("windows(10.0.20348)/amd64", "windows/amd64 windows(10.0.20348.5)/amd64", 1)]
    public void Select_PrefersTheClosest(string wanted, string candidates, int expected)
    {
        Descriptor[] manifests =
        [
            .. candidates.Split(' ').Select((text, i) => Manifest(i) with { Platform = Platform.Parse(text) }),
        ];

        Descriptor? selected = new PlatformMatcher(Platform.Parse(wanted)).Select(manifests);

        Assert.Same(manifests[expected], selected);
    }

    [Fact]
    public void Select_PassesOverWhatNamesNoPlatform()
    {
        Assert.Null(new PlatformMatcher(Platform.Parse("linux/amd64")).Select([Manifest(0)]));
    }

    [Fact]
    public void Matches_IsNotLedAstrayByHostileVariants()
    {
        var matcher = new PlatformMatcher(new Platform { Os = "linux", Architecture = "amd64", Variant = "v999999999" });

        Assert.False(matcher.Matches(new Platform { Os = "", Architecture = "" }));
        Assert.True(matcher.Matches(Platform.Parse("linux/amd64")));
    }

    [Fact]
    public void Current_MatchesItself() =>
        Assert.True(PlatformMatcher.Current.Matches(PlatformMatcher.Current.Platform));

    private static Descriptor Manifest(int number) => Descriptor.Create(MediaTypes.ImageManifest, [(byte)number]);
}
