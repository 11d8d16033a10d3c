using Microsoft.Extensions.Time.Testing;
using OciImage.Cli.Commands;

namespace OciImage.Cli.Tests.Commands;

public sealed class CreationTimeTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("2026-01-31T12:00:00Z")]
    [InlineData("2026-01-31T13:00:00+01:00")]
    [InlineData("2026-01-31T12:00:00.000Z")]
    [InlineData("1769860800")]
    [InlineData("now")]
    public void Parse_ReadsEveryForm(string text) =>
        Assert.Equal(Now, CreationTime.Parse(text, new TestTerminal { Time = new FakeTimeProvider(Now) }));

    [Fact]
    public void Parse_IsTheEpochWhereNothingIsSaid() =>
        Assert.Equal(DateTimeOffset.UnixEpoch, CreationTime.Parse(null, new TestTerminal()));

    [Fact]
    public void Parse_TakesTheTimeOfTheEnvironment()
    {
        var terminal = new TestTerminal { Variables = { ["SOURCE_DATE_EPOCH"] = "1769860800" } };

        Assert.Equal(Now, CreationTime.Parse(null, terminal));
        Assert.Equal(DateTimeOffset.UnixEpoch, CreationTime.Parse("0", terminal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("2026-01-31")]
    [InlineData("99999999999999999")]
    [InlineData("2026-13-31T12:00:00Z")]
    public void Parse_RefusesWhatIsNoTime(string text) =>
        Assert.Throws<UsageException>(() => CreationTime.Parse(text, new TestTerminal()));

    [Fact]
    public void Parse_RefusesAnEnvironmentThatIsNoTime()
    {
        var terminal = new TestTerminal { Variables = { ["SOURCE_DATE_EPOCH"] = "soon" } };

        UsageException error = Assert.Throws<UsageException>(() => CreationTime.Parse(null, terminal));

        Assert.Contains("SOURCE_DATE_EPOCH", error.Message, StringComparison.Ordinal);
    }
}
