using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.TestKit;

namespace OciImage.Tests.Layers;

/// <summary>A place to unpack into, with a tree beside it that no layer may ever change.</summary>
internal sealed class UnpackFixture : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _outsideBefore;

    public UnpackFixture()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Trees are unpacked on Linux only.");
        Target = _directory.Combine("root");
        Outside = _directory.CreateDirectory("outside");
        _directory.WriteFile("outside/file", "outside");
        _directory.WriteFile("outside/deep/er", "outside");
        SetMode(Path.Combine(Outside, "file"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _outsideBefore = Describe(Outside);
    }

    public MemoryStore Store { get; } = new();

    public string Target { get; }

    public string Outside { get; }

    public string Place => _directory.Path;

    public UnpackOptions Options { get; init; } = new();

    public async Task<UnpackReport> UnpackAsync(params TestEntry[][] layers)
    {
        var added = new List<LayerToApply>();
        foreach (TestEntry[] layer in layers)
        {
            added.Add(await TestLayer.AddAsync(Store, layer));
        }

        return await UnpackAsync(added);
    }

    public async Task<UnpackReport> UnpackAsync(IReadOnlyList<LayerToApply> layers) => await LayerUnpacker.UnpackAsync(
        Store, layers, Target, Options, TestContext.Current.CancellationToken);

    /// <summary>Expects a refusal that leaves nothing behind.</summary>
    public async Task<LayerException> RefuseAsync(params TestEntry[][] layers)
    {
        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => UnpackAsync(layers));

        AssertNothingLeft();
        return refusal;
    }

    public static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            new FileInfo(path).UnixFileMode = mode;
        }
    }

    public string PathOf(string path) => Path.Combine(Target, path);

    public string Read(string path) => File.ReadAllText(PathOf(path));

    public bool Exists(string path) =>
        File.Exists(PathOf(path)) || Directory.Exists(PathOf(path)) || new FileInfo(PathOf(path)).LinkTarget is not null;

    public FileStatus StatusOf(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(PathOf(path));
        using DirectoryHandle parent = DirectoryHandle.OpenPath(Path.GetDirectoryName(full)!);
        Assert.True(parent.TryGetStatus(Encoding.UTF8.GetBytes(Path.GetFileName(full)), out FileStatus status), path);

        return status;
    }

    /// <summary>Lists all paths of the tree, without following links.</summary>
    public string[] Paths()
    {
        var paths = new List<string>();
        var left = new Stack<DirectoryInfo>([new DirectoryInfo(Target)]);
        while (left.TryPop(out DirectoryInfo? directory))
        {
            foreach (FileSystemInfo info in directory.EnumerateFileSystemInfos())
            {
                paths.Add(Path.GetRelativePath(Target, info.FullName));
                if (info is DirectoryInfo { LinkTarget: null } child)
                {
                    left.Push(child);
                }
            }
        }

        return [.. paths.Order(StringComparer.Ordinal)];
    }

    public void AssertOutsideUntouched() => Assert.Equal(_outsideBefore, Describe(Outside));

    public void AssertNothingLeft()
    {
        AssertOutsideUntouched();
        Assert.Equal([Outside], Directory.GetFileSystemEntries(Place));
    }

    public void Dispose()
    {
        AssertOutsideUntouched();
        using (DirectoryHandle place = DirectoryHandle.OpenPath(Place))
        {
            // Other means cannot enter directories of mode 0000.
            TreeRemover.Remove(place, "root"u8);
        }

        _directory.Dispose();
    }

    private static string Describe(string directory)
    {
        var text = new StringBuilder();
        foreach (string path in Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories)
            .Append(directory)
            .Order(StringComparer.Ordinal))
        {
            var info = new FileInfo(path);
            text.Append(CultureInfo.InvariantCulture, $"{path} {info.UnixFileMode} {info.LastWriteTimeUtc.Ticks} {info.LinkTarget}");
            text.AppendLine(info.Exists ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))) : "");
        }

        return text.ToString();
    }
}
