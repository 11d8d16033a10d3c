using CsCheck;
using OciImage.Registry.Auth;

namespace OciImage.Tests.Registry;

public sealed class ChallengeTests
{
    [Fact]
    public void Parse_ReadsSeveralChallengesOfOneHeader()
    {
        IReadOnlyList<Challenge> challenges = Challenge.Parse(
            ["Negotiate, bearer realm=\"https://a/token?x=1,2\" , service = s, scope=\"a \\\"b\\\"\", Basic realm=plain"]);

        Assert.Equal(["Negotiate", "bearer", "Basic"], challenges.Select(challenge => challenge.Scheme));
        Assert.Equal("https://a/token?x=1,2", challenges[1].Realm);
        Assert.Equal("s", challenges[1].Service);
        Assert.Equal("a \"b\"", challenges[1].Scope);
        Assert.Equal("plain", challenges[2].Realm);
        Assert.True(challenges[1].Is("Bearer"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("=")]
    [InlineData("Bearer realm=\"no end")]
    [InlineData("realm=\"no scheme\"")]
    [InlineData("Bearer realm=\"a\r\nX-Injected: 1\"")] // R16
    public void Parse_IgnoresWhatIsMalformed(string header) =>
        Assert.All(Challenge.Parse([header]), challenge => Assert.Null(challenge.Realm));

    [Fact]
    public void Parse_IsBounded()
    {
        string many = string.Join(", ", Enumerable.Repeat("Basic realm=a", 1000));

        Assert.True(Challenge.Parse([many, many, new string('x', 100_000)]).Count <= 20);
    }

    [Fact]
    public void Parse_NeverThrows() =>
        Gen.String.Array[0, 4].Sample(headers =>
        {
            _ = Challenge.Parse(headers);
        });
}
