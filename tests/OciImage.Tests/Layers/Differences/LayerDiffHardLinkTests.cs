using OciImage.Layers;
using OciImage.Tar;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

/// <summary>A file's names are all in a layer or none of them: a link must find its file in the same layer.</summary>
public sealed class LayerDiffHardLinkTests
{
    private static readonly TarTimestamp Later = new(1_600_000_000, 5);

    [Fact] // containerd HardlinkParentInclusion, HardlinkUpdatedParent
    public async Task WriteAsync_HasTheOtherNamesOfAChangedFileAgain()
    {
        TestEntry[] lower = [File("b/f"), HardLink("a/link", "b/f"), HardLink("c/link", "b/f"), File("d/f")];
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            lower, [File("b/f", "new") with { Time = Later }, HardLink("a/link", "b/f"), HardLink("c/link", "b/f"), File("d/f")]);

        Assert.Equal(["a/", "a/link", "b/", "b/f = a/link", "c/", "c/link = a/link"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact]
    public async Task WriteAsync_HasAllNamesWhereAnUnchangedFileGetsANewOne()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([File("m"), File("other")], [File("m"), HardLink("a", "m"), HardLink("z", "m"), File("other")]);

        Assert.Equal(["a", "m = a", "z = a"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact]
    public async Task WriteAsync_OnlyRemovesANameThatIsGone()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("a"), HardLink("b", "a"), HardLink("c", "a")], [File("b"), HardLink("c", "b")]);

        Assert.Equal([".wh.a"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact] // the content stays the same, the link does not
    public async Task WriteAsync_BreaksALinkThatWasBroken()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("a"), HardLink("b", "a"), HardLink("c", "a"), HardLink("d", "a")],
            [File("a"), HardLink("b", "a"), File("c"), HardLink("d", "c")]);

        Assert.Equal(["c", "d = c"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact]
    public async Task WriteAsync_LinksWhatWereTwoFiles()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([File("a"), File("b")], [File("a"), HardLink("b", "a")]);

        Assert.Equal(["a", "b = a"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact]
    public async Task WriteAsync_SwapsTheNamesOfTwoFiles()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("a"), HardLink("b", "a"), File("c"), HardLink("d", "c")], [File("a"), HardLink("c", "a"), File("b"), HardLink("d", "b")]);

        Assert.Equal(["a", "b", "c = a", "d = b"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact] // L19
    public async Task WriteAsync_ChangesOneOfTwoNamesAlone()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [File("a"), HardLink("b", "a")], [File("a"), File("b", "new") with { Time = Later }]);

        Assert.Equal(["b"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact] // moby TestHardLinkOrder
    public async Task WriteAsync_TakesTheFirstNameInOrderWhateverWasMadeFirst()
    {
        using DiffFixture one = await DiffFixture.CreateAsync([], [File("c"), HardLink("a", "c"), HardLink("b", "c")]);
        using DiffFixture two = await DiffFixture.CreateAsync([], [File("b"), HardLink("c", "b"), HardLink("a", "c")]);

        Assert.Equal(["a", "b = a", "c = a"], await one.ListAsync());
        Assert.Equal(await one.DiffAsync(), await two.DiffAsync());
    }

    [Fact]
    public async Task WriteAsync_KeepsLinksOfAllButDirectories()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync(
            [Symlink("s", "x"), Fifo("p")], [Symlink("s", "x"), HardLink("s2", "s"), Fifo("p"), HardLink("p2", "p")]);

        Assert.Equal(["p", "p2 = p", "s", "s2 = s"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    [Fact]
    public async Task WriteAsync_TakesAFileThatIsLinkedElsewhereForOneOfItsOwn()
    {
        using DiffFixture fixture = await DiffFixture.CreateAsync([File("a")], [File("a"), File("b")]);
        await fixture.MakeAsync(fixture.Combine("elsewhere"), File("x"));
        Assert.True(LinkTo(fixture.Combine("elsewhere/x"), Path.Combine(fixture.Upper, "c")));
        Assert.True(LinkTo(Path.Combine(fixture.Upper, "a"), fixture.Combine("elsewhere/y")));

        Assert.Equal(["./", "b", "c"], await fixture.ListAsync());
        await fixture.AssertAppliesAsync();
    }

    private static bool LinkTo(string target, string name)
    {
        using System.Diagnostics.Process link = System.Diagnostics.Process.Start("ln", [target, name]);
        link.WaitForExit();

        return link.ExitCode == 0;
    }
}
