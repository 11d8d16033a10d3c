using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Fuzz.Targets;

/// <summary>Writes a tree as a text, a line a path: to see whether two are the same, or whether one changed.</summary>
internal static class TreeText
{
    private const uint OwnerAll = 0x1C0;
    private const string OutsideName = "outside";

    /// <summary>Makes the tree that no layer may change, where it is not there yet; returns its text with times and modes.</summary>
    public static string MakeOutside(string place)
    {
        string outside = Path.Combine(place, OutsideName);
        if (!Directory.Exists(outside))
        {
            Directory.CreateDirectory(Path.Combine(outside, "dir"));
            File.WriteAllText(Path.Combine(outside, "file"), "outside");
            File.WriteAllText(Path.Combine(outside, "dir", "file"), "outside");
        }

        var text = new StringBuilder();
        using DirectoryHandle above = DirectoryHandle.OpenPath(place);
        AddTo(text, above, Encoding.UTF8.GetBytes(OutsideName), [], withTimes: true);

        return text.ToString();
    }

    /// <summary>Reads a tree that is thrown away after that: what its owner may not read is made readable.</summary>
    public static string Read(string root)
    {
        var text = new StringBuilder();
        using DirectoryHandle above = DirectoryHandle.OpenPath(Path.GetDirectoryName(root)!);
        AddTo(text, above, Encoding.UTF8.GetBytes(Path.GetFileName(root)), [], withTimes: false);

        return text.ToString();
    }

    /// <summary>Reads a tree in memory as it would be unpacked: without devices.</summary>
    public static string Read(ImageFileTree tree)
    {
        var text = new StringBuilder();
        Add(text, [], "dir", "", 0, null);
        foreach (ImageFile file in tree.Root.GetDescendants())
        {
            if (file.Type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice)
            {
                continue;
            }

            string type = file.Type switch
            {
                TarEntryType.Directory => "dir",
                TarEntryType.SymbolicLink => "link",
                TarEntryType.Fifo => "fifo",
                _ => "file",
            };
            Add(text, file.Path.Span, type, Convert.ToHexString(file.LinkTarget.Span), file.Size, file.ContentDigest?.Encoded);
        }

        return text.ToString();
    }

    private static void AddTo(StringBuilder text, DirectoryHandle above, byte[] name, byte[] path, bool withTimes)
    {
        BrokenPromiseException.Unless(above.TryGetStatus(name, out FileStatus status), "A listed name is gone.");
        if (withTimes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{status.Mode} {status.Uid} {status.ModifiedSeconds}.{status.ModifiedNanoseconds} ");
        }
        else if (status.Type is FileStatus.Directory or FileStatus.RegularFile)
        {
            above.ChangeMode(name, OwnerAll);
        }

        switch (status.Type)
        {
            case FileStatus.Directory:
                Add(text, path, "dir", "", 0, null);
                AddChildren(text, above, name, path, withTimes);
                break;
            case FileStatus.RegularFile:
                Add(text, path, "file", "", status.Size, Hash(above, name));
                break;
            case FileStatus.SymbolicLink:
                Add(text, path, "link", Convert.ToHexString(above.ReadLink(name)), 0, null);
                break;
            default:
                Add(text, path, status.Type == FileStatus.Fifo ? "fifo" : "device", "", 0, null);
                break;
        }
    }

    private static void AddChildren(StringBuilder text, DirectoryHandle above, byte[] name, byte[] path, bool withTimes)
    {
        BrokenPromiseException.Unless(above.TryOpenDirectory(name, out DirectoryHandle? opened) == 0, "A directory cannot be opened.");
        using DirectoryHandle directory = opened!;
        foreach ((byte[] child, _) in DirectoryListing.Read(directory).OrderBy(entry => Convert.ToHexString(entry.Name), StringComparer.Ordinal))
        {
            AddTo(text, directory, child, path.Length == 0 ? child : [.. path, (byte)'/', .. child], withTimes);
        }
    }

    private static string Hash(DirectoryHandle directory, byte[] name)
    {
        using var handle = new SafeFileHandle(directory.TryOpenFile(name), ownsHandle: true);
        using var content = new FileStream(handle, FileAccess.Read, 0);
        return Convert.ToHexStringLower(SHA256.HashData(content));
    }

    private static void Add(StringBuilder text, ReadOnlySpan<byte> path, string type, string link, long size, string? digest) =>
        text.Append(CultureInfo.InvariantCulture, $"{Convert.ToHexString(path)} {type} {link} {size} {digest}\n");
}
