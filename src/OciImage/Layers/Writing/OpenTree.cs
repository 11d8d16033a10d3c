using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Opens files of a tree by their paths, through open directories and without following links.</summary>
/// <param name="root">The root of the tree; it stays the caller's.</param>
internal sealed class OpenTree(DirectoryHandle root) : IDisposable
{
    private DirectoryHandle? _last;
    private byte[] _lastPath = [];

    /// <summary>Opens a file that was listed.</summary>
    /// <exception cref="IOException">It cannot be opened, or is not the file that was listed any more.</exception>
    public SourceFile Open(byte[] directory, TreeNode listed) => SourceFile.Open(OpenDirectory(directory), listed);

    public void Dispose() => _last?.Dispose();

    // Files come in runs of one directory.
    private DirectoryHandle OpenDirectory(byte[] path)
    {
        if (_last is not null && _lastPath.AsSpan().SequenceEqual(path))
        {
            return _last;
        }

        DirectoryHandle current = root.Duplicate();
        foreach (Range range in path.AsSpan().Split((byte)'/'))
        {
            if (path[range] is { Length: > 0 } component)
            {
                int error = current.TryOpenDirectory(component, out DirectoryHandle? next);
                current.Dispose();
                current = error == 0 ? next! : throw LinuxError.Of(error, "Opening", component);
            }
        }

        _last?.Dispose();
        _last = current;
        _lastPath = path;

        return current;
    }
}
