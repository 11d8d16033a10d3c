using System.Text;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>A tree beside the root that no case may change: content, modes, times, links and attributes.</summary>
internal sealed class CaseSentinel
{
    private readonly string _before;

    public CaseSentinel(string place)
    {
        Path = System.IO.Path.Combine(place, "outside");
        Write("file", "outside");
        Write("deep/er/file", "outside");
        Write("etc/passwd", "root:x:0:0::/:/bin/sh\n");
        Write("tmp/f", "outside");
        File.CreateSymbolicLink(System.IO.Path.Combine(Path, "link"), "file");
        File.CreateSymbolicLink(System.IO.Path.Combine(Path, "self"), Path);
        UnpackFixture.SetMode(System.IO.Path.Combine(Path, "file"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        TestXattrs.TrySet(System.IO.Path.Combine(Path, "file"), "user.test", Encoding.UTF8.GetBytes("outside"));
        _before = TreeSnapshot.Describe(Path);
    }

    public string Path { get; }

    public bool IsUntouched() => TreeSnapshot.Describe(Path) == _before;

    private void Write(string path, string content)
    {
        string full = System.IO.Path.Combine(Path, path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }
}
