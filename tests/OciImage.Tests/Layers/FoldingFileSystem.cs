using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.Tests.Layers;

/// <summary>A file system that makes no difference of case, whatever the rules say, and may refuse links.</summary>
internal sealed class FoldingFileSystem : IPortableFileSystem
{
    private readonly HashSet<string> _made = new(StringComparer.OrdinalIgnoreCase);
    private readonly PortableFileSystem _inner = new();

    public required NameRules Rules { get; init; }

    public bool RefusesLinks { get; init; }

    public bool Exists(string path) => _made.Contains(path);

    public void CreateDirectory(string path)
    {
        _made.Add(path);
        _inner.CreateDirectory(path);
    }

    public Stream CreateFile(string path) =>
        _made.Add(path) ? _inner.CreateFile(path) : throw new IOException($"'{path}' is there already.");

    public void CopyFile(string from, string to) => _inner.CopyFile(from, to);

    public bool TryCreateLink(string path, string target, bool toDirectory) =>
        !RefusesLinks && _inner.TryCreateLink(path, target, toDirectory);

    public void SetMetadata(string path, bool isDirectory, int mode, TarTimestamp time) =>
        _inner.SetMetadata(path, isDirectory, mode, time);

    public void Move(string from, string to) => _inner.Move(from, to);

    public void Delete(string directory) => _inner.Delete(directory);
}
