using System.Text;
using OciImage.Linux;
using OciImage.TestKit;

namespace OciImage.Tests.Linux;

/// <summary>Paths inside a root, through the kernel's resolution and through our own, which must agree.</summary>
public sealed class PathWalkerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly DirectoryHandle _root;

    public PathWalkerTests()
    {
        Assert.SkipUnless(Libc.IsSupported, "These are system calls of Linux.");
        _directory.CreateDirectory("outside", "secret");
        _directory.CreateDirectory("root", "a", "b");
        _directory.CreateDirectory("root", "outside");
        _directory.WriteFile("root/file", "x");
        Link("abs", "/a");
        Link("up", "../../../..");
        Link("a/up", "..");
        Link("out", "../outside");
        Link("hop", "up/abs/b");
        Link("self", "self");
        Link("one", "two");
        Link("two", "one");
        Link("dangling", "/missing/x");
        Link("tofile", "file");
        Link("chain0", "a");
        for (int i = 1; i <= RootLinks; i++)
        {
            Link($"chain{i}", $"chain{i - 1}");
        }

        _root = DirectoryHandle.OpenPath(_directory.Combine("root"));
    }

    private static int RootLinks => 41;

    public static TheoryData<string, string> Found => new()
    {
        { "", "" },
        { ".", "" },
        { "a", "a" },
        { "/a//b/", "a/b" },
        { "..", "" },
        { "../../a", "a" },
        { "abs", "a" },
        { "abs/b", "a/b" },
        { "up", "" },
        { "up/a", "a" },
        { "a/up/a", "a" },
        { "out", "outside" },
        { "a/b/../../outside", "outside" },
        { "hop", "a/b" },
        { "hop/../../up/a", "a" },
        { "chain39", "a" },
    };

    public static TheoryData<string, int> Missing => new()
    {
        { "missing", LinuxError.NotFound },
        { "a/missing/..", LinuxError.NotFound },
        { "out/secret", LinuxError.NotFound }, // it is there only outside
        { "dangling", LinuxError.NotFound },
        { "file", LinuxError.NotDirectory },
        { "file/..", LinuxError.NotDirectory },
        { "tofile", LinuxError.NotDirectory },
        { "self", LinuxError.Loop },
        { "one/x", LinuxError.Loop },
        { "chain40", LinuxError.Loop },
        { "chain41/b", LinuxError.Loop },
        { new string('n', 256), LinuxError.NameTooLong },
    };

    public void Dispose()
    {
        _root?.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [MemberData(nameof(Found))]
    public void TryOpen_FindsDirectoriesInTheRoot(string path, string expected)
    {
        using DirectoryHandle there = DirectoryHandle.OpenPath(_directory.Combine("root", expected));
        foreach (PathWalker walker in Walkers())
        {
            int error = walker.TryOpen(Encoding.UTF8.GetBytes(path), out DirectoryHandle? found);

            Assert.Equal(0, error);
            using (found)
            {
                Assert.Equal(there.Inode, found!.Inode);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Missing))]
    public void TryOpen_SaysWhyThereIsNone(string path, int expected)
    {
        foreach (PathWalker walker in Walkers())
        {
            int error = walker.TryOpen(Encoding.UTF8.GetBytes(path), out DirectoryHandle? found);

            Assert.Equal(expected, error);
            Assert.Null(found);
        }
    }

    [Theory]
    [InlineData("new/dir", "new/dir")]
    [InlineData("up/new", "new")]
    [InlineData("dangling/y", "missing/x/y")]
    [InlineData("out/new", "outside/new")]
    [InlineData("abs/new/../other", "a/other")]
    public void OpenOrCreate_MakesWhatIsMissingInTheRoot(string path, string expected)
    {
        foreach (PathWalker walker in Walkers())
        {
            using (DirectoryHandle made = walker.OpenOrCreate(Encoding.UTF8.GetBytes(path), (_, _) => { }, (_, _) => { }))
            {
                using DirectoryHandle there = DirectoryHandle.OpenPath(_directory.Combine("root", expected));
                Assert.Equal(there.Inode, made.Inode);
            }

            TreeRemover.Remove(_root, Encoding.UTF8.GetBytes(expected.Split('/')[0] is "a" or "outside" ? "none" : expected.Split('/')[0]));
        }

        Assert.Equal([_directory.Combine("outside", "secret")], Directory.GetFileSystemEntries(_directory.Combine("outside")));
    }

    [Fact]
    public void OpenOrCreate_AsksBeforeItReplacesAFile()
    {
        foreach (PathWalker walker in Walkers())
        {
            _directory.WriteFile("root/file", "x");
            using DirectoryHandle made = walker.OpenOrCreate(
                "tofile/x"u8, (_, _) => { }, (parent, name) => Assert.Equal(0, parent.TryRemove(name, directory: false)));

            Assert.True(Directory.Exists(_directory.Combine("root", "file", "x")));
            TreeRemover.Remove(_root, "file"u8);
        }
    }

    [Fact]
    public void Cursor_RefusesADirectoryThatWasMovedUnderIt()
    {
        using var cursor = new DirectoryCursor(_root);
        cursor.Enter("a"u8.ToArray());
        cursor.Enter("b"u8.ToArray());
        Directory.Move(_directory.Combine("root", "a", "b"), _directory.Combine("outside", "b"));

        Assert.Throws<IOException>(cursor.Leave);
        Directory.Delete(_directory.Combine("outside", "b"));
    }

    private IEnumerable<PathWalker> Walkers()
    {
        yield return new PathWalker(_root, useOpenAt2: false);
        if (PathWalker.HasOpenAt2)
        {
            yield return new PathWalker(_root, useOpenAt2: true);
        }
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(_directory.Combine("root", name), target);
}
