using System.Text;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads a tree where there are no open directories to work on; owners, devices and attributes are not read.</summary>
internal sealed class PortableSource(SortedDictionary<ByteString, SourceNode> nodes, LayerOutputOptions options)
{
    private const int DefaultFileMode = 0x1A4;
    private const int DefaultDirectoryMode = 0x1ED;

    public void Add(string sourcePath, byte[] destination)
    {
        if (Directory.Exists(sourcePath))
        {
            AddDirectory(new DirectoryInfo(sourcePath), destination);
        }
        else if (destination.Length == 0 || !File.Exists(sourcePath))
        {
            throw new FileNotFoundException($"'{sourcePath}' does not exist, or is no directory.", sourcePath);
        }
        else
        {
            AddFile(new FileInfo(sourcePath), destination);
        }
    }

    private void AddDirectory(DirectoryInfo directory, byte[] destination)
    {
        if (destination.Length > 0)
        {
            LayerTree.Add(nodes, destination, new SourceNode(Describe(directory, TarEntryType.Directory, destination)));
        }

        foreach (FileSystemInfo child in directory.EnumerateFileSystemInfos())
        {
            byte[] path = LayerTree.Join(destination, Encoding.UTF8.GetBytes(child.Name));
            if (child.LinkTarget is { } target)
            {
                byte[] link = Encoding.UTF8.GetBytes(target.Replace('\\', '/'));
                LayerTree.Add(nodes, path, new SourceNode(Describe(child, TarEntryType.SymbolicLink, path, link)));
            }
            else if (child is DirectoryInfo subdirectory)
            {
                AddDirectory(subdirectory, path);
            }
            else
            {
                AddFile((FileInfo)child, path);
            }
        }
    }

    private void AddFile(FileInfo file, byte[] destination) =>
        LayerTree.Add(nodes, destination, new SourceNode(
            Describe(file, TarEntryType.RegularFile, destination), () => new SourceFile(file.OpenRead())));

    private TarEntry Describe(FileSystemInfo info, TarEntryType type, byte[] destination, byte[]? linkName = null) => new()
    {
        Type = type,
        Name = destination,
        LinkName = linkName ?? [],
        Size = info is FileInfo file && type == TarEntryType.RegularFile ? file.Length : 0,
        Mode = OperatingSystem.IsWindows()
            ? type == TarEntryType.Directory ? DefaultDirectoryMode : DefaultFileMode
            : (int)info.UnixFileMode,
        Uid = options.Owner?.Uid ?? 0,
        Gid = options.Owner?.Gid ?? 0,
        ModifiedTime = LayerTree.Clamp(TarTimestamp.FromDateTimeOffset(info.LastWriteTimeUtc), options),
    };
}
