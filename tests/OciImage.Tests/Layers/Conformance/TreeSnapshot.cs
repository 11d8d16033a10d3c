using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>Reads a directory tree by bytes, with all that a layer can say of it; links are not followed.</summary>
internal static class TreeSnapshot
{
    private const int SeekHole = 4;
    private const int OwnerAll = 0x1C0;
    private const int OwnerRead = 0x100;

    /// <summary>Reads a tree.</summary>
    /// <param name="root">The path of the root, which becomes ".".</param>
    /// <param name="loosen">Whether what its owner may not read is made readable; the tree is thrown away then.</param>
    public static SortedDictionary<string, FoundNode> Read(string root, bool loosen)
    {
        var tree = new SortedDictionary<string, FoundNode>(StringComparer.Ordinal);
        using DirectoryHandle above = DirectoryHandle.OpenPath(Path.GetDirectoryName(root)!);
        byte[] name = Encoding.UTF8.GetBytes(Path.GetFileName(root));
        tree.Add(".", Describe(above, name, loosen));
        Enter(tree, above, name, [], loosen, 0);

        return tree;
    }

    /// <summary>Returns a path as cases have it: text, or base64 where it is not UTF-8.</summary>
    public static string Key(ReadOnlySpan<byte> path)
    {
        string text = Encoding.UTF8.GetString(path);
        return Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(path) ? text : "base64:" + Convert.ToBase64String(path);
    }

    /// <summary>Returns the whole tree as a text, to see whether anything changed.</summary>
    public static string Describe(string root)
    {
        var text = new StringBuilder();
        foreach ((string path, FoundNode node) in Read(root, loosen: false))
        {
            string xattrs = string.Join(',', node.Xattrs.Select(pair => $"{pair.Key}={pair.Value}"));
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{path} {node.Type} {Convert.ToString(node.Mode, 8)} {node.Uid}:{node.Gid} {node.Seconds}.{node.Nanoseconds:D9} {Convert.ToHexString(node.Link)} {node.Size} {node.Sha256} {xattrs} {node.Identity}");
        }

        return text.ToString();
    }

    private static void Enter(
        SortedDictionary<string, FoundNode> tree, DirectoryHandle above, byte[] name, byte[] path, bool loosen, int depth)
    {
        if (depth > 1500)
        {
            throw new InvalidDataException("The tree is deeper than any case has it.");
        }

        int error = above.TryOpenDirectory(name, out DirectoryHandle? opened);
        using DirectoryHandle directory = error == 0 ? opened! : throw LinuxError.Of(error, "Opening", name);
        foreach ((byte[] child, _) in DirectoryListing.Read(directory))
        {
            byte[] full = path.Length == 0 ? child : [.. path, (byte)'/', .. child];
            FoundNode node = Describe(directory, child, loosen);
            tree.Add(Key(full), node);
            if (node.Type == "dir")
            {
                Enter(tree, directory, child, full, loosen, depth + 1);
            }
        }
    }

    private static FoundNode Describe(DirectoryHandle directory, byte[] name, bool loosen)
    {
        Assert.True(directory.TryGetStatus(name, out FileStatus status));
        string type = status.Type switch
        {
            FileStatus.Directory => "dir",
            FileStatus.SymbolicLink => "symlink",
            FileStatus.Fifo => "fifo",
            FileStatus.CharacterDevice => "char",
            FileStatus.BlockDevice => "block",
            FileStatus.RegularFile => "file",
            _ => "other",
        };
        int wanted = type == "dir" ? OwnerAll : type == "file" ? OwnerRead : 0;
        bool isClosed = loosen && (status.Permissions & wanted) != wanted;
        if (isClosed)
        {
            directory.ChangeMode(name, (uint)(status.Permissions | wanted));
        }

        (string sha256, bool hasHoles) = type == "file" ? ReadContent(directory, name, status.Size) : ("", false);
        FoundNode node = new(type)
        {
            Mode = status.Permissions,
            Uid = status.Uid,
            Gid = status.Gid,
            Seconds = status.ModifiedSeconds,
            Nanoseconds = status.ModifiedNanoseconds,
            Link = type == "symlink" ? directory.ReadLink(name) : [],
            Device = type is "char" or "block" ? (status.DeviceMajor, status.DeviceMinor) : default,
            Size = type == "file" ? status.Size : 0,
            Sha256 = sha256,
            HasHoles = hasHoles,
            Xattrs = ReadXattrs(Encoding.UTF8.GetString(directory.ProcPath([])).TrimEnd('\0'), name),
            Identity = type == "dir" ? null : status.Inode.ToString(CultureInfo.InvariantCulture),
        };
        if (isClosed && type == "file")
        {
            // It may have other names, which come later.
            directory.ChangeMode(name, (uint)status.Permissions);
        }

        return node;
    }

    private static (string Sha256, bool HasHoles) ReadContent(DirectoryHandle directory, byte[] name, long size)
    {
        int descriptor = directory.TryOpenFile(name);
        Assert.True(descriptor >= 0, "A file cannot be read.");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        bool hasHoles = Libc.Seek(descriptor, 0, SeekHole) is var hole and >= 0 && hole < size;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[Math.Clamp(size, 1, 64 * 1024)];
        for (long at = 0; RandomAccess.Read(handle, buffer, at) is var read and > 0; at += read)
        {
            hash.AppendData(buffer, 0, read);
        }

        return (Convert.ToHexStringLower(hash.GetCurrentHash()), hasHoles);
    }

    private static Dictionary<string, string> ReadXattrs(string directory, byte[] name)
    {
        // What a security module gives every file is none of a layer's.
        byte[] path = [.. Encoding.UTF8.GetBytes(directory), .. name];
        return TestXattrs.List(path)
            .Where(key => key != "security.selinux")
            .ToDictionary(key => key, key => Convert.ToBase64String(TestXattrs.Read(path, key) ?? []));
    }
}
