using System.Text;
using OciImage.Bundles;
using OciImage.Linux;
using OciImage.TestKit;

namespace OciImage.Tests.Bundles;

/// <summary>The files of users in a root filesystem are whatever the image made of them.</summary>
public sealed class ImageUserFilesTests : IDisposable
{
    private const string Web = "web:x:101:102::/home/web:/bin/sh\n";

    private readonly TemporaryDirectory _directory = new();
    private readonly string _root;

    public ImageUserFilesTests()
    {
        Assert.SkipUnless(Libc.IsSupported, "Files are read inside a root on Linux only.");
        _root = _directory.CreateDirectory("root");
        _directory.WriteFile("outside/passwd", "web:x:0:0::/outside:/bin/sh\n");
        _directory.WriteFile("outside/group", "web:x:0:\n");
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ResolveIn_ReadsTheFilesOfTheRoot(bool useOpenAt2)
    {
        Write("etc/passwd", Web);
        Write("etc/group", "www:x:200:web\n");

        ImageUser user = Resolve("web", useOpenAt2);

        Assert.Equal((101u, 102u, "/home/web"), (user.Uid, user.Gid, user.Home));
        Assert.Equal([200u], user.AdditionalGids);
        Assert.Equal(200u, Resolve("web:www", useOpenAt2).Gid);
    }

    [Theory]
    [InlineData("/usr/etc/passwd", true)]
    [InlineData("/usr/etc/passwd", false)]
    [InlineData("../../../usr/etc/passwd", true)]
    [InlineData("../../../usr/etc/passwd", false)]
    [InlineData("/../usr/./etc//passwd", true)]
    [InlineData("next", true)]
    [InlineData("next", false)]
    public void ResolveIn_FollowsLinksInsideTheRoot(string target, bool useOpenAt2)
    {
        Write("usr/etc/passwd", Web);
        Link("etc/passwd", target);
        Link("etc/next", "/etc/hop");
        Link("etc/hop", "../usr/etc/passwd");

        Assert.Equal(101u, Resolve("web", useOpenAt2).Uid);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ResolveIn_FollowsALinkedDirectoryInsideTheRoot(bool useOpenAt2)
    {
        Write("usr/real/passwd", Web);
        Link("etc", "/usr/real");

        Assert.Equal(101u, Resolve("web", useOpenAt2).Uid);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ResolveIn_NeverReadsOutsideTheRoot(bool useOpenAt2)
    {
        string outside = _directory.Combine("outside");
        Link("etc/passwd", Path.Combine(outside, "passwd"));
        Link("etc/group", "../../outside/group");

        Refuse(BundleErrorKind.UnknownUser, "web", useOpenAt2);
        Refuse(BundleErrorKind.UnknownUser, "0:web", useOpenAt2);
        Assert.Equal((5u, 0u), (Resolve("5", useOpenAt2).Uid, Resolve("5", useOpenAt2).Gid));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ResolveIn_NeverReadsOutsideTheRootThroughALinkedDirectory(bool useOpenAt2)
    {
        Link("etc", _directory.Combine("outside"));

        Refuse(BundleErrorKind.UnknownUser, "web", useOpenAt2);
    }

    [Theory]
    [InlineData("0", 0, 0)]
    [InlineData("1000", 1000, 0)]
    [InlineData("1000:5", 1000, 5)]
    public void ResolveIn_TakesNumbersWithoutFiles(string user, uint uid, uint gid)
    {
        ImageUser found = Resolve(user);

        Assert.Equal((uid, gid, "/"), (found.Uid, found.Gid, found.Home));
        Refuse(BundleErrorKind.UnknownUser, "web");
    }

    [Fact]
    public void ResolveIn_RefusesFilesThatAreNone()
    {
        Directory.CreateDirectory(Path.Combine(_root, "etc/passwd"));
        using (DirectoryHandle etc = DirectoryHandle.OpenPath(Path.Combine(_root, "etc")))
        {
            etc.CreateNode("group"u8, FileStatus.Fifo, 0, 0);
        }

        Refuse(BundleErrorKind.UnreadableUsers, "web");
        Refuse(BundleErrorKind.UnreadableUsers, "5");
        Refuse(BundleErrorKind.UnreadableUsers, "5:www"); // a FIFO, which nobody writes to
        Assert.Equal("/", Resolve("5:5").Home); // nothing has to be asked
    }

    [Theory]
    [InlineData("passwd")] // itself
    [InlineData("other")] // a circle
    [InlineData("/etc")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("/")]
    [InlineData("real/")]
    public void ResolveIn_RefusesLinksThatLeadToNoFile(string target)
    {
        Write("etc/real", Web);
        Link("etc/passwd", target);
        Link("etc/other", "passwd");

        Refuse(BundleErrorKind.UnreadableUsers, "web");
    }

    [Theory]
    [InlineData("/missing")]
    [InlineData("/missing/passwd")]
    [InlineData("real/passwd")] // below a file
    public void ResolveIn_TakesALinkToNothingAsNoFile(string target)
    {
        Write("etc/real", Web);
        Link("etc/passwd", target);

        Refuse(BundleErrorKind.UnknownUser, "web");
        Assert.Equal(3u, Resolve("3").Uid);
    }

    [Fact]
    public void ResolveIn_RefusesFilesThatAreTooLarge()
    {
        Write("etc/passwd", Web);
        Write("etc/group", "");
        Grow("etc/passwd", ImageUser.MaxFileSize);
        Assert.Equal(101u, Resolve("web").Uid);

        Grow("etc/passwd", ImageUser.MaxFileSize + 1);
        Refuse(BundleErrorKind.UnreadableUsers, "web");

        Grow("etc/passwd", 1L << 40); // sparse
        Refuse(BundleErrorKind.UnreadableUsers, "5");
    }

    [Fact]
    public void ResolveIn_IgnoresADirectoryThatIsAFile()
    {
        Write("etc", "not a directory");

        Assert.Equal(3u, Resolve("3").Uid);
        Refuse(BundleErrorKind.UnknownUser, "web");
    }

    private ImageUser Resolve(string user, bool useOpenAt2 = true)
    {
        using DirectoryHandle root = DirectoryHandle.OpenPath(_root);
        return ImageUser.ResolveIn(root, user, useOpenAt2 && PathWalker.HasOpenAt2);
    }

    private void Refuse(BundleErrorKind kind, string user, bool useOpenAt2 = true) =>
        Assert.Equal(kind, Assert.Throws<BundleException>(() => Resolve(user, useOpenAt2)).Kind);

    private void Write(string path, string content) =>
        _directory.WriteFile(Path.Combine("root", path), content);

    private void Link(string path, string target)
    {
        string full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.CreateSymbolicLink(full, target);
    }

    private void Grow(string path, long size)
    {
        using FileStream file = File.OpenWrite(Path.Combine(_root, path));
        file.SetLength(size);
    }
}
