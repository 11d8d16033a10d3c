using System.Text;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads a tree by open directories and bytes: no link in it is followed, and every name survives.</summary>
internal sealed class LinuxSource : IDisposable
{
    private static readonly byte[] Self = "."u8.ToArray();

    private readonly SortedDictionary<ByteString, SourceNode> _nodes;
    private readonly LayerOutputOptions _options;
    private readonly string _path;
    private readonly DirectoryHandle _root;
    private readonly byte[]? _file;
    private readonly OpenTree _files;
    private readonly LeftOut _leftOut;

    /// <summary>Initializes a new instance on a directory or file, which is held until it is disposed.</summary>
    public LinuxSource(string sourcePath, SourceTree tree, LayerOutputOptions options)
    {
        _nodes = tree.Nodes;
        _leftOut = new LeftOut(tree.Remarks);
        _options = options;
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(sourcePath));
        if (Directory.Exists(_path))
        {
            _root = DirectoryHandle.OpenPath(_path);
            _files = new OpenTree(_root);
            return;
        }

        string? parent = Path.GetDirectoryName(_path);
        if (!Directory.Exists(parent))
        {
            throw new FileNotFoundException($"'{Excerpt.Of(_path)}' does not exist.", _path);
        }

        string full = new FileInfo(_path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? _path;
        _root = DirectoryHandle.OpenPath(Path.GetDirectoryName(full)!);
        _files = new OpenTree(_root);
        _file = Encoding.UTF8.GetBytes(Path.GetFileName(full));
    }

    /// <summary>Adds what is there under a path of the layer.</summary>
    public void Add(byte[] destination)
    {
        if (_file is not null)
        {
            if (destination.Length == 0)
            {
                throw new IOException($"'{Excerpt.Of(_path)}' is no directory, and only a directory's content can stand at the root.");
            }

            AddNode(_root, [], _file, destination);
            return;
        }

        if (destination.Length > 0)
        {
            TreeNode node = TreeNode.Read(_root, Self, _root.GetStatus(), _leftOut)!;
            LayerTree.Add(_nodes, destination, new SourceNode(node.ToEntry(destination, _options)));
        }

        AddBelow(destination);
    }

    public void Dispose()
    {
        _files.Dispose();
        _root.Dispose();
    }

    private void AddBelow(byte[] destination)
    {
        using var cursor = new DirectoryCursor(_root);
        var pending = new Stack<(byte[] Source, byte[] Destination, Queue<byte[]> Directories)>();
        pending.Push(([], destination, AddChildren(cursor.Current, [], destination)));
        while (true)
        {
            (byte[] above, byte[] target, Queue<byte[]> directories) = pending.Peek();
            if (directories.TryDequeue(out byte[]? name))
            {
                cursor.Enter(name);
                (byte[] source, byte[] below) = (LayerTree.Join(above, name), LayerTree.Join(target, name));
                pending.Push((source, below, AddChildren(cursor.Current, source, below)));
                continue;
            }

            pending.Pop();
            if (cursor.Depth == 0)
            {
                return;
            }

            cursor.Leave();
        }
    }

    // Returns the directories, which are added and are to be walked.
    private Queue<byte[]> AddChildren(DirectoryHandle directory, byte[] source, byte[] destination)
    {
        var directories = new Queue<byte[]>();
        foreach ((byte[] name, _) in DirectoryListing.Read(directory))
        {
            if (AddNode(directory, source, name, LayerTree.Join(destination, name)))
            {
                directories.Enqueue(name);
            }
        }

        return directories;
    }

    // Returns whether it is a directory.
    private bool AddNode(DirectoryHandle parent, byte[] source, byte[] name, byte[] destination)
    {
        if (!parent.TryGetStatus(name, out FileStatus status))
        {
            throw new FileNotFoundException($"'{Show(source, name)}' does not exist.", _path);
        }

        _leftOut.Directory = source;
        if (TreeNode.Read(parent, name, status, _leftOut) is not { } node)
        {
            return false;
        }

        LayerTree.Add(_nodes, destination, new SourceNode(
            node.ToEntry(destination, _options),
            node.Type == TarEntryType.RegularFile ? () => _files.Open(source, node) : null,
            node.MayHaveMoreNames ? node.Identity : null));

        return node.Type == TarEntryType.Directory;
    }

    private string Show(byte[] source, byte[] name) =>
        Excerpt.Of(Path.Combine(_path, Encoding.UTF8.GetString(LayerTree.Join(source, name))));
}
