using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads a tree by open directories and bytes: no link on the way is followed, and every name survives.</summary>
internal sealed unsafe class LinuxSource(SortedDictionary<ByteString, SourceNode> nodes, LayerWriterOptions options)
{
    public void Add(string sourcePath, byte[] destination)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(sourcePath));
        if (Directory.Exists(path))
        {
            using DirectoryHandle directory = DirectoryHandle.OpenPath(path);
            FileStatus status = directory.GetStatus();
            if (destination.Length > 0)
            {
                LayerTree.Add(nodes, destination, new SourceNode(
                    Describe(TarEntryType.Directory, destination, status, ReadXattrs(directory, "."u8.ToArray()))));
            }

            AddChildren(directory, path, destination);
            return;
        }

        if (destination.Length == 0)
        {
            throw new IOException($"'{sourcePath}' is no directory, and only a directory's content can stand at the root.");
        }

        string full = File.Exists(path) && new FileInfo(path).LinkTarget is not null
            ? new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)!.FullName
            : path;
        using DirectoryHandle parent = DirectoryHandle.OpenPath(Path.GetDirectoryName(full)!);
        AddNode(parent, Path.GetDirectoryName(full)!, Encoding.UTF8.GetBytes(Path.GetFileName(full)), destination);
    }

    private void AddChildren(DirectoryHandle directory, string display, byte[] destination)
    {
        foreach ((byte[] name, _) in DirectoryListing.Read(directory))
        {
            AddNode(directory, display, name, LayerTree.Join(destination, name));
        }
    }

    private void AddNode(DirectoryHandle parent, string display, byte[] name, byte[] destination)
    {
        string path = Path.Combine(display, Encoding.UTF8.GetString(name));
        if (!parent.TryGetStatus(name, out FileStatus status))
        {
            throw new FileNotFoundException($"'{Excerpt.Of(path)}' does not exist.", path);
        }

        TarXattr[] xattrs = ReadXattrs(parent, name);
        switch (status.Type)
        {
            case FileStatus.Directory:
                LayerTree.Add(nodes, destination, new SourceNode(
                    Describe(TarEntryType.Directory, destination, status, xattrs)));
                int error = parent.TryOpenDirectory(name, out DirectoryHandle? directory);
                if (error != 0)
                {
                    throw LinuxError.Of(error, "Opening", Encoding.UTF8.GetBytes(path));
                }

                using (directory)
                {
                    AddChildren(directory!, path, destination);
                }

                break;
            case FileStatus.RegularFile:
                (ulong, ulong)? link = status.LinkCount > 1
                    ? (((ulong)status.FileSystemMajor << 32) | status.FileSystemMinor, status.Inode)
                    : null;
                LayerTree.Add(nodes, destination, new SourceNode(
                    Describe(TarEntryType.RegularFile, destination, status, xattrs), Opener(parent, name, path), link));
                break;
            case FileStatus.SymbolicLink:
                LayerTree.Add(nodes, destination, new SourceNode(
                    Describe(TarEntryType.SymbolicLink, destination, status, xattrs, parent.ReadLink(name))));
                break;
            case FileStatus.Fifo or FileStatus.CharacterDevice or FileStatus.BlockDevice:
                LayerTree.Add(nodes, destination, new SourceNode(Describe(
                    status.Type == FileStatus.Fifo ? TarEntryType.Fifo
                        : status.Type == FileStatus.BlockDevice ? TarEntryType.BlockDevice
                        : TarEntryType.CharacterDevice,
                    destination, status, xattrs)));
                break;
        }
    }

    private TarEntry Describe(
        TarEntryType type, byte[] destination, FileStatus status, TarXattr[] xattrs, byte[]? linkName = null) => new()
    {
        Type = type,
        Name = destination,
        LinkName = linkName ?? [],
        Size = type == TarEntryType.RegularFile ? status.Size : 0,
        Mode = status.Permissions,
        Uid = options.Owner?.Uid ?? status.Uid,
        Gid = options.Owner?.Gid ?? status.Gid,
        ModifiedTime = LayerTree.Clamp(new TarTimestamp(status.ModifiedSeconds, (int)status.ModifiedNanoseconds), options),
        DeviceMajor = status.DeviceMajor,
        DeviceMinor = status.DeviceMinor,
        Xattrs = xattrs,
    };

    // The directory may be long closed when the content is wanted, and its path may have changed: what is opened then must still
    // be a regular file, and its size is compared when it is read.
    private static Func<FileStream> Opener(DirectoryHandle parent, byte[] name, string path)
    {
        byte[] absolute = [.. Encoding.UTF8.GetBytes(Path.GetDirectoryName(path)!)];
        return () =>
        {
            using DirectoryHandle directory = DirectoryHandle.OpenPath(Encoding.UTF8.GetString(absolute));
            int descriptor = directory.TryOpenFile(name);
            if (descriptor < 0)
            {
                throw LinuxError.Of(Libc.LastError, "Opening", Encoding.UTF8.GetBytes(path));
            }

            return new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read, bufferSize: 0);
        };
    }

    private static TarXattr[] ReadXattrs(DirectoryHandle directory, byte[] name)
    {
        byte[] path = directory.ProcPath(name);
        fixed (byte* file = path)
        {
            nint length = Libc.ListLinkXattrs(file, null, 0);
            if (length <= 0)
            {
                return [];
            }

            byte[] list = new byte[length];
            fixed (byte* target = list)
            {
                length = Libc.ListLinkXattrs(file, target, list.Length);
            }

            var xattrs = new List<TarXattr>();
            foreach (Range range in list.AsSpan(0, (int)Math.Max(0, length)).Split((byte)0))
            {
                byte[] key = list[range];
                if (key.Length > 0 && !NodeMetadataWriter.IsFiltered(key) && ReadXattr(file, key) is { Length: > 0 } value)
                {
                    xattrs.Add(new TarXattr(key, value));
                }
            }

            return [.. xattrs.OrderBy(xattr => Encoding.Latin1.GetString(xattr.Name.Span), StringComparer.Ordinal)];
        }
    }

    private static byte[]? ReadXattr(byte* file, byte[] key)
    {
        byte[] value = new byte[64 * 1024];
        fixed (byte* name = (byte[])[.. key, 0], target = value)
        {
            nint length = Libc.GetLinkXattr(file, name, target, value.Length);
            return length >= 0 ? value[..(int)length] : null;
        }
    }
}
