using CsCheck;
using OciImage.Registry.Http;

namespace OciImage.Tests.Registry;

public sealed class LinkHeaderTests
{
    [Theory]
    [InlineData("</a?n=1>; rel=\"next\"", "/a?n=1")]
    [InlineData("</a>;rel=next", "/a")]
    [InlineData("</a>; REL=\"Next\"", "/a")]
    [InlineData("</p>; rel=\"prev\", </n>; rel=\"next\"", "/n")]
    [InlineData("</n>; title=\"a, <b>; \\\"rel=x\"; rel=\"next\"", "/n")]
    [InlineData("</n>; rel=\"last next\"", "/n")]
    [InlineData("</n> ; anchor ; rel = next", "/n")]
    [InlineData("</a,b>; rel=next", "/a,b")]
    public void FindNext_FindsTheAddress(string header, string expected) =>
        Assert.Equal(expected, LinkHeader.FindNext([header]));

    [Theory]
    [InlineData("")]
    [InlineData("/a; rel=next")] // no brackets
    [InlineData("</a; rel=next")]
    [InlineData("</a>; rel=prev")]
    [InlineData("</a>; title=\"rel=next\"")]
    [InlineData("</a>; relation=next")]
    [InlineData("</a>; rel=\"nextish\"")]
    [InlineData("</a>; rel=\"no end")]
    [InlineData("</a> rel=next")]
    public void FindNext_FindsNoneInOthers(string header) => Assert.Null(LinkHeader.FindNext([header]));

    [Fact]
    public void FindNext_LooksAtEachHeader() =>
        Assert.Equal("/n", LinkHeader.FindNext([new string('<', 100_000), "nonsense", "</n>; rel=next"]));

    [Fact]
    public void FindNext_NeverThrowsAndEnds() =>
        Gen.String[Gen.Char["<>;,=\" \\relnxta/"], 0, 60].Sample(text =>
        {
            _ = LinkHeader.FindNext([text]);
        });
}
