using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Tests.Layers;

/// <summary>Writes a tree as lines, one a path in order, so that two trees are compared as text.</summary>
internal static class TreeListing
{
    /// <summary>Lists a tree on disk, as bytes and without following links.</summary>
    public static string[] OfDirectory(string path)
    {
        var lines = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var links = new Dictionary<ulong, List<string>>();
        using DirectoryHandle root = DirectoryHandle.OpenPath(path);
        lines[""] = Line(root.GetStatus(), "", "");
        AddBelow(root, "", lines, links);
        foreach (List<string> names in links.Values.Where(names => names.Count > 1))
        {
            names.Sort(StringComparer.Ordinal);
            names.ForEach(name => lines[name] += $" = {names[0]}");
        }

        return [.. lines.Select(line => $"/{line.Key} {line.Value}")];
    }

    /// <summary>Lists the tree of an image, with the contents read through it.</summary>
    public static async Task<string[]> OfImageAsync(ImageFileTree tree)
    {
        var lines = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var links = new List<(ImageFile File, List<string> Names)>();
        foreach (ImageFile file in tree.Root.GetDescendants().Prepend(tree.Root))
        {
            string path = Encoding.Latin1.GetString(file.Path.Span);
            string content = "";
            if (file.Type == TarEntryType.RegularFile)
            {
                await using Stream stream = await tree.OpenReadAsync(file);
                content = Convert.ToHexString(await SHA256.HashDataAsync(stream))[..16];
            }

            lines[path] = Line(
                Kind(file.Type), file.Mode, file.Uid, file.Gid, file.ModifiedTime.Seconds, file.ModifiedTime.Nanoseconds, file.Size,
                (file.DeviceMajor, file.DeviceMinor), Encoding.Latin1.GetString(file.LinkTarget.Span), content);
            if (!file.IsDirectory)
            {
                int known = links.FindIndex(link => link.File.IsSameFile(file));
                if (known < 0)
                {
                    links.Add((file, [path]));
                }
                else
                {
                    links[known].Names.Add(path);
                }
            }
        }

        foreach ((_, List<string> names) in links.Where(link => link.Names.Count > 1))
        {
            names.Sort(StringComparer.Ordinal);
            names.ForEach(name => lines[name] += $" = {names[0]}");
        }

        return [.. lines.Select(line => $"/{line.Key} {line.Value}")];
    }

    private static void AddBelow(
        DirectoryHandle directory, string path, SortedDictionary<string, string> lines, Dictionary<ulong, List<string>> links)
    {
        foreach ((byte[] name, _) in DirectoryListing.Read(directory))
        {
            string below = path.Length == 0 ? Encoding.Latin1.GetString(name) : $"{path}/{Encoding.Latin1.GetString(name)}";
            Assert.True(directory.TryGetStatus(name, out FileStatus status));
            string link = status.Type == FileStatus.SymbolicLink ? Encoding.Latin1.GetString(directory.ReadLink(name)) : "";
            lines[below] = Line(status, link, status.Type == FileStatus.RegularFile ? Content(directory, name) : "");
            if (status.Type != FileStatus.Directory)
            {
                (links.TryGetValue(status.Inode, out List<string>? names) ? names : links[status.Inode] = []).Add(below);
                continue;
            }

            Assert.Equal(0, directory.TryOpenDirectory(name, out DirectoryHandle? child));
            using (child)
            {
                AddBelow(child!, below, lines, links);
            }
        }
    }

    private static string Content(DirectoryHandle directory, byte[] name)
    {
        int descriptor = directory.TryOpenFile(name);
        Assert.True(descriptor >= 0);
        using var stream = new FileStream(
            new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read, bufferSize: 0);
        return Convert.ToHexString(SHA256.HashData(stream))[..16];
    }

    private static string Line(FileStatus status, string link, string content) => Line(
        status.Type, status.Permissions, status.Uid, status.Gid, status.ModifiedSeconds, (int)status.ModifiedNanoseconds,
        status.Type == FileStatus.RegularFile ? status.Size : 0, (status.DeviceMajor, status.DeviceMinor), link, content);

    private static string Line(
        uint kind, int mode, long uid, long gid, long seconds, int nanoseconds, long size, (long, long) device, string link, string content) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{kind:x} {(kind == FileStatus.SymbolicLink ? "" : Convert.ToString(mode, 8))} {uid}:{gid} {seconds}.{nanoseconds:d9} {size} {device} {link} {content}");

    private static uint Kind(TarEntryType type) => type switch
    {
        TarEntryType.Directory => FileStatus.Directory,
        TarEntryType.SymbolicLink => FileStatus.SymbolicLink,
        TarEntryType.CharacterDevice => FileStatus.CharacterDevice,
        TarEntryType.BlockDevice => FileStatus.BlockDevice,
        TarEntryType.Fifo => FileStatus.Fifo,
        _ => FileStatus.RegularFile,
    };
}
