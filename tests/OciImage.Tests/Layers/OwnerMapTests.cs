using OciImage.Layers;

namespace OciImage.Tests.Layers;

public sealed class OwnerMapTests
{
    [Theory]
    [InlineData(0u, 100000u)]
    [InlineData(999u, 100999u)]
    [InlineData(5000u, 42u)]
    public void TryMap_FindsTheCounterpart(uint container, uint host)
    {
        OwnerMap map = OwnerMap.Parse("0:100000:1000,5000:42:1");

        Assert.True(map.TryMapUser(container, out uint user));
        Assert.True(map.TryMapGroup(container, out uint group));

        Assert.Equal((host, host), (user, group));
    }

    [Theory]
    [InlineData(1000u)]
    [InlineData(4999u)]
    [InlineData(5001u)]
    [InlineData(uint.MaxValue)]
    public void TryMap_HasNoneOutsideTheRanges(uint container) =>
        Assert.False(OwnerMap.Parse("0:100000:1000,5000:42:1").TryMapUser(container, out _));

    [Theory]
    [InlineData("")]
    [InlineData("0:1")]
    [InlineData("0:1:2:3")]
    [InlineData("0:1:0")] // nothing
    [InlineData("-1:0:1")]
    [InlineData("0:0:4294967296")]
    [InlineData("4294967295:0:1")] // no such owner
    [InlineData("1:4294967290:10")] // past the end
    [InlineData("0:100:10,5:300:1")] // the image's overlap
    [InlineData("0:100:10,20:105:1")] // the system's overlap
    [InlineData("0:100:10,")]
    [InlineData("a:b:c")]
    public void Parse_RefusesWhatIsNoMap(string text) => Assert.Throws<FormatException>(() => OwnerMap.Parse(text));

    [Fact]
    public void FromSubordinateIds_MakesRootOfTheUserAndTheRestOfItsRanges()
    {
        using var users = new StringReader("other:1:5\nme:100000:10\n\nme:junk:1\nme:1:2:3\n1000:200000:5\nme:300000:0\n");
        using var groups = new StringReader("me:700000:3");

        OwnerMap map = OwnerMap.FromSubordinateIds("me", 1000, 1001, users, groups);

        Assert.Equal([new IdRange(0, 1000, 1), new(1, 100000, 10), new(11, 200000, 5)], map.Users);
        Assert.Equal([new IdRange(0, 1001, 1), new(1, 700000, 3)], map.Groups);
    }
}
