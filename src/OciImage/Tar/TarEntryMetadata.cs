using System.Text;

namespace OciImage.Tar;

/// <summary>What a header and its extended header say of an entry besides name and content.</summary>
internal sealed record TarEntryMetadata(
    int Mode,
    long Uid,
    long Gid,
    string UserName,
    string GroupName,
    TarTimestamp ModifiedTime,
    long DeviceMajor,
    long DeviceMinor,
    IReadOnlyList<TarXattr> Xattrs)
{
    public static TarEntryMetadata Read(TarBlock block, PaxRecords? pax, TarEntryType type, ReadOnlySpan<byte> name)
    {
        bool isDevice = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        return new TarEntryMetadata(
            (int)(TarEntryDraft.Number(block.ModeField, "mode", name) & 0xFFF),
            Id(pax?.Uid, block.UidField, "uid", name),
            Id(pax?.Gid, block.GidField, "gid", name),
            pax?.UserName ?? Text(block.IsExtended, block.UserName),
            pax?.GroupName ?? Text(block.IsExtended, block.GroupName),
            pax?.ModifiedTime ?? new TarTimestamp(TarEntryDraft.Number(block.ModifiedField, "mtime", name), 0),
            isDevice && block.IsExtended ? Id(null, block.MajorField, "major device number", name) : 0,
            isDevice && block.IsExtended ? Id(null, block.MinorField, "minor device number", name) : 0,
            pax?.Xattrs ?? []);
    }

    private static long Id(long? record, ReadOnlySpan<byte> field, string what, ReadOnlySpan<byte> name) =>
        TarEntryDraft.Id(record ?? TarEntryDraft.Number(field, what, name), what, name);

    private static string Text(bool extended, ReadOnlySpan<byte> field) =>
        !extended ? "" :
        field.SequenceEqual("root"u8) ? "root" :
        Encoding.UTF8.GetString(field);
}
