using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads a tree by open directories and bytes: no link in it is followed, and every name survives.</summary>
internal sealed class LinuxSource : IDisposable
{
    private static readonly byte[] Self = "."u8.ToArray();

    private readonly SortedDictionary<ByteString, SourceNode> _nodes;
    private readonly LayerWriterOptions _options;
    private readonly string _path;
    private readonly DirectoryHandle _root;
    private readonly byte[]? _file;
    private DirectoryHandle? _last;
    private byte[] _lastPath = [];

    /// <summary>Initializes a new instance on a directory or file, which is held until it is disposed.</summary>
    public LinuxSource(string sourcePath, SortedDictionary<ByteString, SourceNode> nodes, LayerWriterOptions options)
    {
        _nodes = nodes;
        _options = options;
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(sourcePath));
        if (Directory.Exists(_path))
        {
            _root = DirectoryHandle.OpenPath(_path);
            return;
        }

        string? parent = Path.GetDirectoryName(_path);
        if (!Directory.Exists(parent))
        {
            throw new FileNotFoundException($"'{Excerpt.Of(_path)}' does not exist.", _path);
        }

        string full = new FileInfo(_path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? _path;
        _root = DirectoryHandle.OpenPath(Path.GetDirectoryName(full)!);
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
            AddDirectory(destination, _root.GetStatus(), XattrReader.Read(_root, Self));
        }

        AddBelow(destination);
    }

    public void Dispose()
    {
        _last?.Dispose();
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

        if (status.Type == FileStatus.Socket)
        {
            return false;
        }

        TarXattr[] xattrs = XattrReader.Read(parent, name);
        if (status.Type == FileStatus.Directory)
        {
            AddDirectory(destination, status, xattrs);
            return true;
        }

        bool isFile = status.Type == FileStatus.RegularFile;
        byte[] linkName = status.Type == FileStatus.SymbolicLink ? parent.ReadLink(name) : [];
        ulong inode = status.Inode;
        LayerTree.Add(_nodes, destination, new SourceNode(
            Describe(TypeOf(status), destination, status, xattrs, linkName),
            isFile ? () => Open(source, name, inode) : null,
            status.LinkCount > 1 ? (((ulong)status.FileSystemMajor << 32) | status.FileSystemMinor, status.Inode) : null));

        return false;
    }

    private void AddDirectory(byte[] destination, FileStatus status, TarXattr[] xattrs) => LayerTree.Add(
        _nodes, destination, new SourceNode(Describe(TarEntryType.Directory, destination, status, xattrs, [])));

    private TarEntry Describe(
        TarEntryType type, byte[] destination, FileStatus status, TarXattr[] xattrs, byte[] linkName) => new()
    {
        Type = type,
        Name = destination,
        LinkName = linkName,
        Size = type == TarEntryType.RegularFile ? status.Size : 0,
        Mode = status.Permissions,
        Uid = _options.Owner?.Uid ?? status.Uid,
        Gid = _options.Owner?.Gid ?? status.Gid,
        ModifiedTime = LayerTree.Clamp(new TarTimestamp(status.ModifiedSeconds, (int)status.ModifiedNanoseconds), _options),
        DeviceMajor = status.DeviceMajor,
        DeviceMinor = status.DeviceMinor,
        Xattrs = xattrs,
    };

    private static TarEntryType TypeOf(FileStatus status) => status.Type switch
    {
        FileStatus.RegularFile => TarEntryType.RegularFile,
        FileStatus.SymbolicLink => TarEntryType.SymbolicLink,
        FileStatus.Fifo => TarEntryType.Fifo,
        FileStatus.BlockDevice => TarEntryType.BlockDevice,
        FileStatus.CharacterDevice => TarEntryType.CharacterDevice,
        _ => throw new IOException($"A file of the type '{status.Type:x}' cannot stand in a layer."),
    };

    // What is opened is the file that was listed, or there is no layer.
    private unsafe FileStream Open(byte[] source, byte[] name, ulong inode)
    {
        int descriptor = OpenDirectory(source).TryOpenFile(name);
        if (descriptor < 0)
        {
            throw LinuxError.Of(Libc.LastError, "Opening", name);
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        FileStatus status;
        byte empty = 0;
        if (Libc.StatX(descriptor, &empty, Libc.AtEmptyPath, Libc.StatBasic, &status) != 0 ||
            status.Inode != inode || status.Type != FileStatus.RegularFile)
        {
            handle.Dispose();
            throw new IOException($"'{Show(source, name)}' was replaced while the layer was written.");
        }

        return new FileStream(handle, FileAccess.Read, bufferSize: 0);
    }

    // Files come in runs of one directory.
    private DirectoryHandle OpenDirectory(byte[] source)
    {
        if (_last is not null && _lastPath.AsSpan().SequenceEqual(source))
        {
            return _last;
        }

        DirectoryHandle current = _root.Duplicate();
        foreach (Range range in source.AsSpan().Split((byte)'/'))
        {
            if (source[range] is { Length: > 0 } component)
            {
                int error = current.TryOpenDirectory(component, out DirectoryHandle? next);
                current.Dispose();
                current = error == 0 ? next! : throw LinuxError.Of(error, "Opening", component);
            }
        }

        _last?.Dispose();
        _last = current;
        _lastPath = source;

        return current;
    }

    private string Show(byte[] source, byte[] name) =>
        Excerpt.Of(Path.Combine(_path, Encoding.UTF8.GetString(LayerTree.Join(source, name))));
}
