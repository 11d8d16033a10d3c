using System.Text;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>A file, a directory or anything else in the tree of an image.</summary>
/// <remarks>An instance never changes. Names and link targets are bytes; the texts show bytes that are not UTF-8 as U+FFFD.</remarks>
public sealed class ImageFile
{
    private readonly byte[] _name;

    internal ImageFile(MergedNode node, MergedDirectory? parent, byte[] name)
    {
        Node = node;
        Directory = parent;
        _name = name;
    }

    /// <summary>Gets the name in its directory; empty for the root.</summary>
    public ReadOnlyMemory<byte> Name => _name;

    /// <summary>Gets the path from the root, without a slash at its ends; empty for the root.</summary>
    public ReadOnlyMemory<byte> Path =>
        Directory is null ? Array.Empty<byte>() :
        Directory.Parent is null ? _name :
        (byte[])[.. Directory.GetPath(), (byte)'/', .. _name];

    /// <summary>Gets the path for messages and for the console: it begins with a slash.</summary>
    public string DisplayPath => "/" + Encoding.UTF8.GetString(Path.Span);

    /// <summary>Gets what it is; never <see cref="TarEntryType.HardLink"/>, since all names of a file are alike.</summary>
    public TarEntryType Type => Node.Type;

    /// <summary>Gets whether it is a directory.</summary>
    public bool IsDirectory => Node is MergedDirectory;

    /// <summary>Gets the size of a regular file in bytes, holes included; 0 for all others.</summary>
    public long Size => Node.Content?.Size ?? 0;

    /// <summary>Gets the permission bits with set-user-id, set-group-id and sticky: 0 to octal 7777.</summary>
    public int Mode => (int)Node.Metadata.Mode;

    /// <summary>Gets the user that owns it: 0 to 2^32-2.</summary>
    public long Uid => Node.Metadata.Uid;

    /// <summary>Gets the group that owns it: 0 to 2^32-2.</summary>
    public long Gid => Node.Metadata.Gid;

    /// <summary>Gets the time of the last change.</summary>
    public TarTimestamp ModifiedTime => Node.Metadata.ModifiedTime;

    /// <summary>Gets the extended attributes that the layer has, none of them left out, in ordinal order of their names.</summary>
    public IReadOnlyList<TarXattr> Xattrs => Node.Metadata.Xattrs;

    /// <summary>Gets the target of a symbolic link, or nothing.</summary>
    public ReadOnlyMemory<byte> LinkTarget => Node.LinkTarget;

    /// <summary>Gets the major number of a device.</summary>
    public long DeviceMajor => Node.DeviceMajor;

    /// <summary>Gets the minor number of a device.</summary>
    public long DeviceMinor => Node.DeviceMinor;

    /// <summary>Gets the SHA-256 digest of a regular file's content, holes as zeros; <see langword="null"/> for all others.</summary>
    public Digest? ContentDigest =>
        Node.Content is { Sha256.Length: > 0 } content ? Digest.FromHash("sha256", content.Sha256) : null;

    /// <summary>Gets the number of the layer that a regular file's content is in, from the base, which is 0; -1 for all others.</summary>
    public int LayerIndex => Node.Content?.Layer ?? -1;

    internal MergedNode Node { get; }

    internal MergedDirectory? Directory { get; }

    /// <summary>Tells whether two names are names of one file (hard links).</summary>
    /// <param name="other">The other one.</param>
    /// <returns>Whether they are.</returns>
    public bool IsSameFile(ImageFile other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return ReferenceEquals(Node, other.Node);
    }

    /// <summary>Lists what is in a directory, in the order of the names' bytes.</summary>
    /// <returns>What is there; nothing for all that is no directory.</returns>
    public IReadOnlyList<ImageFile> GetChildren() => Node is MergedDirectory directory
        ? [.. directory.Sorted().Select(slot => new ImageFile(slot.Value.Node, directory, slot.Key.Bytes))]
        : [];

    /// <summary>Lists everything below a directory in path order: a directory before what is in it.</summary>
    /// <returns>What is there, found while it is asked for; nothing for all that is no directory.</returns>
    public IEnumerable<ImageFile> GetDescendants()
    {
        var pending = new Stack<IEnumerator<ImageFile>>();
        pending.Push(GetChildren().GetEnumerator());
        while (pending.TryPeek(out IEnumerator<ImageFile>? level))
        {
            if (!level.MoveNext())
            {
                pending.Pop().Dispose();
                continue;
            }

            ImageFile file = level.Current;
            yield return file;
            if (file.IsDirectory)
            {
                pending.Push(file.GetChildren().GetEnumerator());
            }
        }
    }

    /// <summary>Returns the path.</summary>
    /// <returns>The path as <see cref="DisplayPath"/> has it.</returns>
    public override string ToString() => DisplayPath;
}
