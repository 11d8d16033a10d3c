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
    public static TarEntryMetadata Read(TarBlock block, PaxRecords? pax, TarEntryType type, string display)
    {
        bool isDevice = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        return new TarEntryMetadata(
            (int)(TarEntryDraft.Number(block.ModeField, "mode", display) & 0xFFF),
            Id(pax?.Uid, block.UidField, "uid", display),
            Id(pax?.Gid, block.GidField, "gid", display),
            pax?.UserName ?? Text(block.IsExtended, block.UserName),
            pax?.GroupName ?? Text(block.IsExtended, block.GroupName),
            pax?.ModifiedTime ?? new TarTimestamp(TarEntryDraft.Number(block.ModifiedField, "mtime", display), 0),
            isDevice && block.IsExtended ? Id(null, block.MajorField, "major device number", display) : 0,
            isDevice && block.IsExtended ? Id(null, block.MinorField, "minor device number", display) : 0,
            pax?.Xattrs ?? []);
    }

    private static long Id(long? record, ReadOnlySpan<byte> field, string what, string display) =>
        TarEntryDraft.Id(record ?? TarEntryDraft.Number(field, what, display), what, display);

    private static string Text(bool extended, ReadOnlySpan<byte> field) => extended ? Encoding.UTF8.GetString(field) : "";
}
