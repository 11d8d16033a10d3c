using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Walks a tree on disk by open directories and bytes: no link in it is followed, and every name survives.</summary>
internal sealed class DirectoryWalk : IDisposable
{
    private static readonly byte[] Self = "."u8.ToArray();

    private readonly DirectoryCursor _cursor;
    private readonly LeftOut? _leftOut;
    private readonly Stack<byte[]> _paths = new([[]]);

    /// <summary>Initializes a new instance on a directory, which is held until it is disposed.</summary>
    /// <exception cref="IOException">There is no such directory.</exception>
    public DirectoryWalk(string path, LeftOut? leftOut = null)
    {
        Start = DirectoryHandle.OpenPath(Path.GetFullPath(path));
        _leftOut = leftOut;
        try
        {
            _cursor = new DirectoryCursor(Start);
            Root = TreeNode.Read(Start, Self, Start.GetStatus(), leftOut)!;
        }
        catch
        {
            _cursor?.Dispose();
            Start.Dispose();
            throw;
        }
    }

    /// <summary>Gets the directory that the walk began in.</summary>
    public DirectoryHandle Start { get; }

    public TreeNode Root { get; }

    /// <summary>Gets the path of the current directory; empty for the root.</summary>
    public byte[] CurrentPath => _paths.Peek();

    /// <summary>Returns what stands in the current directory, in the order of the names, without sockets.</summary>
    /// <exception cref="IOException">Something cannot be read, or is gone as soon as it was listed.</exception>
    public List<TreeNode> List()
    {
        if (_leftOut is not null)
        {
            _leftOut.Directory = CurrentPath;
        }

        List<(byte[] Name, byte Kind)> names = DirectoryListing.Read(_cursor.Current);
        names.Sort((left, right) => left.Name.AsSpan().SequenceCompareTo(right.Name));
        var nodes = new List<TreeNode>(names.Count);
        foreach ((byte[] name, _) in names)
        {
            if (!_cursor.Current.TryGetStatus(name, out FileStatus status))
            {
                throw LinuxError.Of(LinuxError.NotFound, "Reading the status of", LayerTree.Join(CurrentPath, name));
            }

            if (TreeNode.Read(_cursor.Current, name, status, _leftOut) is { } node)
            {
                nodes.Add(node);
            }
        }

        return nodes;
    }

    public void Enter(byte[] name)
    {
        _cursor.Enter(name);
        _paths.Push(LayerTree.Join(CurrentPath, name));
    }

    public void Leave()
    {
        _cursor.Leave();
        _paths.Pop();
    }

    /// <summary>Opens a file that was listed in the current directory.</summary>
    public SourceFile Open(TreeNode listed) => SourceFile.Open(_cursor.Current, listed);

    public void Dispose()
    {
        _cursor.Dispose();
        Start.Dispose();
    }
}
