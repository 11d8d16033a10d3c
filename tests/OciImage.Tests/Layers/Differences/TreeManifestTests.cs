using System.Text;
using OciImage.Layers;
using OciImage.Tar;
using OciImage.TestKit;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

public sealed class TreeManifestTests
{
    private const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Root = "dir / mode=755 uid=0 gid=0 time=0\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WriteAsync_HasOneFixedForm()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Owners and devices need root.");
        using var fixture = new DiffFixture();
        await fixture.MakeAsync(
            fixture.Upper,
            File("b", "x") with { Mode = Octal("4755"), Time = new TarTimestamp(-3, 500_000_000) },
            HardLink("a/link", "b"),
            Directory("a", "1777"),
            File("a-b", ""),
            Symlink("s \u00ff\\", "t arget") with { Time = new TarTimestamp(5, 0) },
            Character("null", 1, 3),
            Fifo("p"));

        string text = await DiffFixture.DescribeAsync(fixture.Upper);

        const string Hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        const string Time = "time=1500000000.123456789";
        Assert.Equal(
            $"""
            OciImage tree 1
            dir / mode=755 uid=0 gid=0 {Time}
            dir /a mode=1777 uid=1234 gid=2345 {Time}
            file /a/link mode=4755 uid=1234 gid=2345 time=-2.5 size=1 sha256={Hash} link=1
            file /a-b mode=644 uid=1234 gid=2345 {Time} size=0 sha256={EmptyHash}
            file /b mode=4755 uid=1234 gid=2345 time=-2.5 size=1 sha256={Hash} link=1
            char /null mode=644 uid=1234 gid=2345 {Time} device=1:3
            fifo /p mode=644 uid=1234 gid=2345 {Time}
            symlink /s\20\ff\5c mode=777 uid=1234 gid=2345 time=5 target=t\20arget
            end 8

            """,
            text);
    }

    [Fact]
    public async Task ParseAsync_GivesBackWhatWasWritten()
    {
        using var fixture = new DiffFixture();
        await fixture.MakeAsync(
            fixture.Upper, File("f") with { Xattrs = [("user.a b", [0, 1]), ("user.=x", [2])] }, HardLink("g", "f"), Directory("d\u00ff/e"), File("d\u00ff/\u0001"));
        byte[] text = await DiffFixture.RecordAsync(fixture.Upper);

        TreeManifest manifest = await TreeManifest.ParseAsync(new TrickleStream(new MemoryStream(text)), cancellationToken: Token);

        using var again = new MemoryStream();
        await manifest.WriteAsync(again, Token);
        Assert.Equal(text, again.ToArray());
        Assert.Equal(6, manifest.Entries);
    }

    [Fact]
    public async Task ParseAsync_TakesTheManifestOfNothing()
    {
        using var text = new MemoryStream();
        await TreeManifest.Empty.WriteAsync(text, Token);

        TreeManifest manifest = await TreeManifest.ParseAsync(new MemoryStream(text.ToArray()), cancellationToken: Token);

        Assert.Equal("OciImage tree 1\nend 0\n", Encoding.ASCII.GetString(text.ToArray()));
        Assert.Equal(0, manifest.Entries);
    }

    [Fact]
    public async Task ParseAsync_StopsAtTheLimits()
    {
        string[] names = [.. Enumerable.Range(10, 20).Select(i => $"fifo /{i} mode=644 uid=0 gid=0 time=0\n")];
        string text = $"OciImage tree 1\n{Root}{string.Concat(names)}end 21\n";

        Assert.Equal(21, (await ParseAsync(text, 21)).Entries);
        Assert.Equal(LayerErrorKind.LimitExceeded, (await RefuseAsync(text, 20)).Kind);
        Assert.Equal(LayerErrorKind.LimitExceeded, (await RefuseAsync("OciImage tree 1\n" + new string('x', 5_000_000), 20)).Kind);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ParseAsync(text, 0));
    }

    public static TheoryData<string> Malformed => new(
        "end 1\n", // a count that is wrong
        $"{Root}end 2\n",
        $"{Root}end 01\n",
        $"{Root}end 1", // cut
        $"{Root}",
        $"{Root[..20]}",
        $"{Root}end 1\nx",
        $"{Root}end 1\n\n",
        "fifo / mode=644 uid=0 gid=0 time=0\nend 1\n", // a root that is no directory
        "dir /a mode=755 uid=0 gid=0 time=0\nend 1\n",
        $"{Root}{Root}end 2\n",
        $"{Root}fifo /b mode=644 uid=0 gid=0 time=0\nfifo /a mode=644 uid=0 gid=0 time=0\nend 3\n", // not in order
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0\nfifo /a mode=644 uid=0 gid=0 time=0\nend 3\n", // twice
        $"{Root}fifo /a-b mode=644 uid=0 gid=0 time=0\ndir /a mode=755 uid=0 gid=0 time=0\nend 3\n",
        $"{Root}fifo /a/b mode=644 uid=0 gid=0 time=0\nend 2\n", // in no directory
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0\nfifo /a/b mode=644 uid=0 gid=0 time=0\nend 3\n", // in a file
        $"{Root}dir /a mode=755 uid=0 gid=0 time=0\nfifo /b mode=644 uid=0 gid=0 time=0\nfifo /a/c mode=644 uid=0 gid=0 time=0\nend 4\n",
        $"{Root}fifo // mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo //a mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}dir /. mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}dir /.. mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo /{new string('n', 256)} mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a\\00 mode=644 uid=0 gid=0 time=0\nend 2\n", // NUL
        $"{Root}fifo /a\\2 mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a\\zz mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo /\\61 mode=644 uid=0 gid=0 time=0\nend 2\n", // an escape that is not needed
        $"{Root}fifo /\\FF mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo a mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}thing /a mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root} /a mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a mode=0644 uid=0 gid=0 time=0\nend 2\n", // numbers that are not canonical, or too large
        $"{Root}fifo /a mode=10000 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a mode=648 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a mode= uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a mode=644 uid=4294967296 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a mode=644 uid=-1 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a mode=644 uid=00 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=99999999999999999999 time=0\nend 2\n",
        $"{Root}fifo /a mode=644 gid=0 uid=0 time=0\nend 2\n", // another order
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=1.0\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=1.1234567891\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=NaN\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 \nend 2\n", // something behind it
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 size=1\nend 2\n",
        $"{Root}fifo  /a mode=644 uid=0 gid=0 time=0\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0\r\nend 2\n",
        $"{Root}file /a mode=644 uid=0 gid=0 time=0\nend 2\n", // a file without content
        $"{Root}file /a mode=644 uid=0 gid=0 time=0 size=-1 sha256={EmptyHash}\nend 2\n",
        $"{Root}file /a mode=644 uid=0 gid=0 time=0 size=0 sha256={EmptyHash[2..]}\nend 2\n",
        $"{Root}file /a mode=644 uid=0 gid=0 time=0 size=0 sha256={EmptyHash.ToUpperInvariant()}\nend 2\n",
        $"{Root}symlink /a mode=777 uid=0 gid=0 time=0 target=\nend 2\n",
        $"{Root}symlink /a mode=777 uid=0 gid=0 time=0 target={new string('t', 4096)}\nend 2\n",
        $"{Root}char /a mode=644 uid=0 gid=0 time=0 device=1\nend 2\n",
        $"{Root}char /a mode=644 uid=0 gid=0 time=0 device=1:\nend 2\n",
        $"{Root}char /a mode=644 uid=0 gid=0 time=0 device=1:4294967296\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 link=1\nend 2\n", // one name only
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 link=2\nfifo /b mode=644 uid=0 gid=0 time=0 link=2\nend 3\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 link=0\nfifo /b mode=644 uid=0 gid=0 time=0 link=0\nend 3\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 link=1\nfifo /b mode=645 uid=0 gid=0 time=0 link=1\nend 3\n",
        $"{Root}dir /a mode=644 uid=0 gid=0 time=0 link=1\ndir /b mode=644 uid=0 gid=0 time=0 link=1\nend 3\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 xattr.=00\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 xattr.user.a=00\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 xattr.b={EmptyHash} xattr.a={EmptyHash}\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 xattr.a={EmptyHash} xattr.a={EmptyHash}\nend 2\n",
        $"{Root}fifo /a mode=644 uid=0 gid=0 time=0 xattr.{new string('a', 256)}={EmptyHash}\nend 2\n");

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task ParseAsync_RefusesWhatIsNotCanonical(string lines)
    {
        LayerException refusal = await RefuseAsync("OciImage tree 1\n" + lines, 100);

        Assert.Equal(LayerErrorKind.Malformed, refusal.Kind);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Theory]
    [InlineData("OciImage tree 2\nend 0\n")]
    [InlineData("OciImage tree 1\r\nend 0\n")]
    [InlineData("\nend 0\n")]
    public async Task ParseAsync_RefusesAnotherVersion(string text)
    {
        Assert.Equal(LayerErrorKind.Unsupported, (await RefuseAsync(text, 100)).Kind);
    }

    [Fact]
    public async Task ParseAsync_RefusesAnEmptyStream() =>
        Assert.Equal(LayerErrorKind.Malformed, (await RefuseAsync("", 100)).Kind);

    [Fact]
    public async Task ReadAsync_RefusesAPathThatNoLayerCanHave()
    {
        using var fixture = new DiffFixture();
        await fixture.MakeAsync(fixture.Upper, Directory(string.Join('/', Enumerable.Repeat(new string('d', 250), 16))));
        using System.Diagnostics.Process deeper = System.Diagnostics.Process.Start(
            "sh", ["-c", "cd \"$0\" && for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cd d*; done; mkdir " + new string('d', 250), fixture.Upper]);
        await deeper.WaitForExitAsync(Token);
        Assert.SkipUnless(deeper.ExitCode == 0, "This shell makes no path of that length.");

        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => TreeManifest.ReadAsync(fixture.Upper, Token).AsTask());

        Assert.Equal(LayerErrorKind.LimitExceeded, refusal.Kind);
    }

    private static async Task<TreeManifest> ParseAsync(string text, long maxEntries) =>
        await TreeManifest.ParseAsync(new MemoryStream(Encoding.Latin1.GetBytes(text)), maxEntries, Token);

    private static Task<LayerException> RefuseAsync(string text, long maxEntries) =>
        Assert.ThrowsAsync<LayerException>(() => ParseAsync(text, maxEntries));
}
