using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>One name of a tree with what a layer would say of it.</summary>
internal sealed class TreeNode
{
    /// <summary>Gets the last component of the path; empty for the root.</summary>
    public required byte[] Name { get; init; }

    /// <summary>Gets the type, never a hard link: that is what several names have in common.</summary>
    public required TarEntryType Type { get; init; }

    public required int Mode { get; init; }

    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    /// <summary>Gets the size of a regular file; 0 for all others.</summary>
    public long Size { get; init; }

    public required TarTimestamp ModifiedTime { get; init; }

    /// <summary>Gets the target of a symbolic link, or nothing.</summary>
    public byte[] LinkName { get; init; } = [];

    public uint DeviceMajor { get; init; }

    public uint DeviceMinor { get; init; }

    /// <summary>Gets the attributes in the order of their names; in a manifest the SHA-256 of each value stands for it.</summary>
    public IReadOnlyList<TarXattr> Xattrs { get; init; } = [];

    /// <summary>Gets what two names of one file have in common.</summary>
    public (ulong, ulong) Identity { get; set; }

    /// <summary>Gets whether the file may have more names than this.</summary>
    public bool MayHaveMoreNames { get; set; }

    /// <summary>Gets the SHA-256 of a regular file in a manifest.</summary>
    public byte[] ContentHash { get; init; } = [];

    /// <summary>Gets what stands in a directory of a manifest, in the order of their names.</summary>
    public List<TreeNode> Children { get; } = [];

    /// <summary>Reads what is there; <see langword="null"/> for a socket, which no layer can hold.</summary>
    /// <param name="directory">The directory that has the name.</param>
    /// <param name="name">The name, or "." for the directory itself.</param>
    /// <param name="status">The status of the name.</param>
    /// <param name="leftOut">Told what of it no layer can hold, or <see langword="null"/>.</param>
    public static TreeNode? Read(DirectoryHandle directory, byte[] name, FileStatus status, LeftOut? leftOut)
    {
        if (status.Type == FileStatus.Socket)
        {
            leftOut?.AddSocket(name);
            return null;
        }

        TarEntryType type = TypeOf(status);
        bool isDevice = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        return new TreeNode
        {
            Name = name,
            Type = type,
            Mode = type == TarEntryType.SymbolicLink ? 0x1FF : status.Permissions,
            Uid = status.Uid,
            Gid = status.Gid,
            Size = type == TarEntryType.RegularFile ? status.Size : 0,
            ModifiedTime = TimeOf(status),
            LinkName = type == TarEntryType.SymbolicLink ? directory.ReadLink(name) : [],
            DeviceMajor = isDevice ? status.DeviceMajor : 0,
            DeviceMinor = isDevice ? status.DeviceMinor : 0,
            Xattrs = XattrReader.Read(directory, name, leftOut),
            Identity = IdentityOf(status),
            MayHaveMoreNames = type != TarEntryType.Directory && status.LinkCount > 1,
        };
    }

    public static (ulong, ulong) IdentityOf(FileStatus status) =>
        (((ulong)status.FileSystemMajor << 32) | status.FileSystemMinor, status.Inode);

    public static TarTimestamp TimeOf(FileStatus status) => new(status.ModifiedSeconds, (int)status.ModifiedNanoseconds);

    /// <summary>Returns what a manifest has of it.</summary>
    public TreeNode AsRecorded(IReadOnlyList<TarXattr> xattrs, byte[] contentHash) => new()
    {
        Name = Name,
        Type = Type,
        Mode = Mode,
        Uid = Uid,
        Gid = Gid,
        Size = Size,
        ModifiedTime = ModifiedTime,
        LinkName = LinkName,
        DeviceMajor = DeviceMajor,
        DeviceMinor = DeviceMinor,
        Xattrs = xattrs,
        Identity = Identity,
        MayHaveMoreNames = MayHaveMoreNames,
        ContentHash = contentHash,
    };

    public TarEntry ToEntry(byte[] path, LayerOutputOptions options) => new()
    {
        Type = Type,
        Name = path,
        LinkName = LinkName,
        Size = Size,
        Mode = Mode,
        Uid = options.Owner?.Uid ?? Uid,
        Gid = options.Owner?.Gid ?? Gid,
        ModifiedTime = LayerTree.Clamp(ModifiedTime, options),
        DeviceMajor = DeviceMajor,
        DeviceMinor = DeviceMinor,
        Xattrs = Xattrs,
    };

    private static TarEntryType TypeOf(FileStatus status) => status.Type switch
    {
        FileStatus.RegularFile => TarEntryType.RegularFile,
        FileStatus.Directory => TarEntryType.Directory,
        FileStatus.SymbolicLink => TarEntryType.SymbolicLink,
        FileStatus.Fifo => TarEntryType.Fifo,
        FileStatus.BlockDevice => TarEntryType.BlockDevice,
        FileStatus.CharacterDevice => TarEntryType.CharacterDevice,
        _ => throw new IOException($"A file of the type '{status.Type:x}' cannot stand in a layer."),
    };
}
