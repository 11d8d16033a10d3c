using System.Text;

namespace OciImage.Tar;

/// <summary>An entry of an archive. Names, link targets and attribute values are bytes, as they are on Linux.</summary>
public sealed class TarEntry
{
    /// <summary>Gets what the entry is.</summary>
    public required TarEntryType Type { get; init; }

    /// <summary>Gets the name as the archive has it: not normalised, without NUL.</summary>
    public required ReadOnlyMemory<byte> Name { get; init; }

    /// <summary>Gets the target of a link, or nothing.</summary>
    public ReadOnlyMemory<byte> LinkName { get; init; }

    /// <summary>Gets the size of a regular file's content in bytes, holes of sparse files included; 0 for all others.</summary>
    public long Size { get; init; }

    /// <summary>Gets the permission bits with setuid, setgid and sticky: 0 to octal 7777.</summary>
    public int Mode { get; init; }

    /// <summary>Gets the user that owns it: 0 to 2^32-2.</summary>
    public long Uid { get; init; }

    /// <summary>Gets the group that owns it: 0 to 2^32-2.</summary>
    public long Gid { get; init; }

    /// <summary>Gets the name of the user, which image-spec layer.md says to ignore where there is a number.</summary>
    public string UserName { get; init; } = "";

    /// <summary>Gets the name of the group, which image-spec layer.md says to ignore where there is a number.</summary>
    public string GroupName { get; init; } = "";

    /// <summary>Gets the time of the last change.</summary>
    public TarTimestamp ModifiedTime { get; init; }

    /// <summary>Gets the major number of a device: 0 to 2^32-1.</summary>
    public long DeviceMajor { get; init; }

    /// <summary>Gets the minor number of a device: 0 to 2^32-1.</summary>
    public long DeviceMinor { get; init; }

    /// <summary>Gets the extended attributes in ordinal order of their names.</summary>
    public IReadOnlyList<TarXattr> Xattrs { get; init; } = [];

    /// <summary>Gets whether the extended header has records that only layers of Windows images have.</summary>
    internal bool HasWindowsRecords { get; init; }

    /// <summary>Gets the name for messages; bytes that are not UTF-8 show as U+FFFD.</summary>
    public string DisplayName => Encoding.UTF8.GetString(Name.Span);
}
