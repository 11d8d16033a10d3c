namespace OciImage.Tar;

/// <summary>Tells what an entry has that an archive cannot hold, or that would be read back as something else.</summary>
internal static class TarEntryRules
{
    private const long MaxId = uint.MaxValue - 1;

    /// <summary>Returns what is wrong, or <see langword="null"/>.</summary>
    public static string? FaultOf(TarEntry entry) =>
        FaultOfNames(entry) ?? FaultOfNumbers(entry) ?? FaultOfXattrs(entry.Xattrs);

    private static string? FaultOfNames(TarEntry entry)
    {
        ReadOnlySpan<byte> name = entry.Name.Span;
        bool isLink = entry.Type is TarEntryType.HardLink or TarEntryType.SymbolicLink;
        return
            name.IsEmpty ? "the name is empty" :
            name.Contains((byte)0) ? "the name has a NUL" :
            entry.LinkName.Span.Contains((byte)0) ? "the link's target has a NUL" :
            entry.UserName.Contains('\0') || entry.GroupName.Contains('\0') ? "an owner's name has a NUL" :
            name[^1] == '/' && entry.Type == TarEntryType.RegularFile ? "a file's name ends in a slash" :
            isLink && entry.LinkName.IsEmpty ? "a link has no target" :
            !isLink && !entry.LinkName.IsEmpty ? "an entry that is no link has a target" :
            null;
    }

    private static string? FaultOfNumbers(TarEntry entry) =>
        !Enum.IsDefined(entry.Type) ? "the type is not known" :
        entry.Size < 0 ? "the size is negative" :
        entry.Size > 0 && entry.Type != TarEntryType.RegularFile ? "an entry that is no file has a size" :
        entry.Mode is < 0 or > 0xFFF ? "the mode has other bits than octal 7777" :
        entry.Uid is < 0 or > MaxId || entry.Gid is < 0 or > MaxId ? "an owner is out of range" :
        entry.DeviceMajor is < 0 or > TarHeaderWriter.MaxOctal7 ? "the major device number is out of range" :
        entry.DeviceMinor is < 0 or > TarHeaderWriter.MaxOctal7 ? "the minor device number is out of range" :
        entry.ModifiedTime.Nanoseconds is < 0 or > 999_999_999 ? "the nanoseconds are out of range" :
        null;

    private static string? FaultOfXattrs(IReadOnlyList<TarXattr> xattrs)
    {
        foreach (TarXattr xattr in xattrs)
        {
            if (xattr.Name.IsEmpty || xattr.Name.Span.Contains((byte)0))
            {
                return "an attribute's name is empty or has a NUL";
            }

            if (xattr.Value.IsEmpty)
            {
                return "an attribute is empty, which an extended header cannot say";
            }
        }

        return null;
    }
}
