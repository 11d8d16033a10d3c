using System.Diagnostics;

namespace OciImage.TestKit;

/// <summary>A directory of a test's own, removed at its end, also when it holds names that are not UTF-8.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Makes the directory below the system's temporary directory, or below a given one.</summary>
    public TemporaryDirectory(string? below = null)
    {
        // Lower-case, since buildah takes a path for a reference, and a reference is lower-case.
        string name = $"ociimage-{Guid.NewGuid():N}";
        Path = Directory.CreateDirectory(System.IO.Path.Combine(below ?? System.IO.Path.GetTempPath(), name)).FullName;
    }

    /// <summary>Gets the path of the directory.</summary>
    public string Path { get; }

    /// <summary>Returns a path below the directory; nothing is made.</summary>
    public string Combine(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Makes a directory below this one.</summary>
    public string CreateDirectory(params string[] parts) => Directory.CreateDirectory(Combine(parts)).FullName;

    /// <summary>Writes a file below this one, with the directories on the way.</summary>
    public string WriteFile(string relativePath, string content)
    {
        string path = Combine(relativePath);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);

        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception exception) when (
            OperatingSystem.IsLinux() && exception is IOException or UnauthorizedAccessException)
        {
            // Directory.Delete cannot name what is not UTF-8, nor enter what has mode 0000.
            using Process remove = Process.Start("/bin/rm", ["-rf", "--", Path]);
            remove.WaitForExit();
        }
    }
}
