using OciImage.Content;

namespace OciImage.Tests.Content;

public sealed class CopyOptionsTests
{
    [Theory]
    [InlineData(0)] // nothing would ever move
    [InlineData(-1)] // negative
    public void Setters_RefuseWhatIsNotPositive(int value)
    {
        var options = new CopyOptions();

        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxConcurrency = value);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxNodes = value);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxDocumentBytes = value);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.RangesPerBlob = value);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.ParallelRangeThreshold = value);
    }

    [Fact]
    public void RangesPerBlob_IsAtMostSixteen()
    {
        var options = new CopyOptions { RangesPerBlob = 16 };

        Assert.Throws<ArgumentOutOfRangeException>(() => options.RangesPerBlob = 17);
    }

    [Fact]
    public void Setters_RefuseNull()
    {
        var options = new CopyOptions();

        Assert.Throws<ArgumentNullException>(() => options.ReferrerTypes = null!);
        Assert.Throws<ArgumentNullException>(() => options.Platforms = null!);
        Assert.Throws<ArgumentNullException>(() => options.Documents = null!);
        Assert.Throws<ArgumentNullException>(() => options.TimeProvider = null!);
    }

    [Fact]
    public void Defaults_AreThoseThatAreDocumented()
    {
        var options = new CopyOptions();

        Assert.Equal((4, 100_000, 64 * 1024 * 1024), (options.MaxConcurrency, options.MaxNodes, options.MaxDocumentBytes));
        Assert.Equal((4, 64 * 1024 * 1024), (options.RangesPerBlob, options.ParallelRangeThreshold));
        Assert.Equal((false, false), (options.Sparse, options.ForceRecursive));
        Assert.Equal((false, false), (options.IncludeReferrers, options.IncludeDigestTags));
        Assert.Empty(options.ReferrerTypes);
        Assert.Empty(options.Platforms);
        Assert.Null(options.Verifier);
        Assert.Null(options.Progress);
    }
}
