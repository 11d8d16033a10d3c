using System.Globalization;
using System.Text;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>Writes the archive of a case's layer, by no code of the library's.</summary>
internal static class CaseArchive
{
    private const int Block = 512;
    private const int MaxOctal7 = 0x1FFFFF;

    /// <summary>Writes an archive.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="outside">The absolute path that "{outside}" in names and links stands for.</param>
    public static byte[] Write(CaseLayer layer, string outside)
    {
        using var archive = new MemoryStream();
        foreach (CaseEntry entry in layer.Entries)
        {
            for (int i = 0; i < entry.Repeat; i++)
            {
                Write(archive, entry, text => Expand(text, i, entry.Repeat, outside));
            }
        }

        archive.Write(new byte[layer.EndBlocks * Block]);
        archive.Write(Convert.FromBase64String(layer.TrailingBase64 ?? ""));
        byte[] bytes = archive.ToArray();

        return bytes[..(bytes.Length - layer.Cut)];
    }

    /// <summary>Fills in what stands for a number or for the place outside.</summary>
    public static string Expand(string text, int number, int times, string outside)
    {
        text = text.Replace("{outside}", outside, StringComparison.Ordinal);
        return times == 1 ? text : text.Replace("{i}", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    private static void Write(MemoryStream archive, CaseEntry entry, Func<string, string> expand)
    {
        if (entry.Type == "raw")
        {
            archive.Write(Convert.FromBase64String(entry.Base64!));
            return;
        }

        byte[] name = Bytes(entry.Name, entry.NameBase64, expand);
        byte[] link = Bytes(entry.Link, entry.LinkBase64, expand);
        (byte[] content, byte[]? gnuMap) = SparseArchive.Encode(entry);
        var records = new MemoryStream();
        AddRecords(records, entry, name, link);
        if (entry.Type == "global")
        {
            WriteEntry(archive, Header("PaxHeaders/global"u8, [], 'g', 0x1A4, 0, 0, records.Length, 0, 0, 0), records.ToArray());
            return;
        }

        if (records.Length > 0)
        {
            WriteEntry(archive, Header("PaxHeaders/x"u8, [], 'x', 0x1A4, 0, 0, records.Length, 0, 0, 0), records.ToArray());
        }

        byte[] header = Header(
            name, link, TypeFlag(entry), Convert.ToInt32(entry.Mode ?? CaseEntry.DefaultMode(entry.Type), 8),
            entry.Uid, entry.Gid, content.Length, WholeSeconds(entry.Mtime), entry.Device?[0] ?? 0, entry.Device?[1] ?? 0);
        gnuMap?.CopyTo(header, 257);
        SetChecksum(header);
        foreach (CasePatch patch in entry.Header)
        {
            patch.ToBytes().CopyTo(header, patch.At);
        }

        if (!entry.KeepChecksum)
        {
            SetChecksum(header);
        }

        WriteEntry(archive, header, content);
    }

    private static void WriteEntry(MemoryStream archive, byte[] header, byte[] content)
    {
        archive.Write(header);
        archive.Write(content);
        archive.Write(new byte[-content.Length & (Block - 1)]);
    }

    private static byte[] Bytes(string? text, string? base64, Func<string, string> expand) =>
        base64 is not null ? Convert.FromBase64String(base64) : Encoding.UTF8.GetBytes(expand(text ?? ""));

    private static void AddRecords(MemoryStream records, CaseEntry entry, byte[] name, byte[] link)
    {
        if (name.Length > 100)
        {
            Add(records, "path", name);
        }

        if (link.Length > 100)
        {
            Add(records, "linkpath", link);
        }

        AddNumber(records, "uid", entry.Uid);
        AddNumber(records, "gid", entry.Gid);
        if (entry.Mtime.AsSpan().ContainsAny('.', '-'))
        {
            Add(records, "mtime", Encoding.ASCII.GetBytes(entry.Mtime));
        }

        foreach ((string key, string value) in entry.Xattrs)
        {
            Add(records, "SCHILY.xattr." + key, Convert.FromBase64String(value));
        }

        foreach ((string key, string value) in SparseArchive.Records(entry))
        {
            Add(records, key, Encoding.UTF8.GetBytes(value));
        }

        foreach (IReadOnlyList<string> record in entry.Pax)
        {
            Add(records, record[0], Encoding.UTF8.GetBytes(record[1]));
        }

        records.Write(Convert.FromBase64String(entry.PaxBase64 ?? ""));
    }

    private static void AddNumber(MemoryStream records, string key, long value)
    {
        if (value > MaxOctal7)
        {
            Add(records, key, Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private static void Add(MemoryStream records, string key, byte[] value)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        int length = name.Length + value.Length + 3;
        while ($"{length}".Length + name.Length + value.Length + 3 != length)
        {
            length++;
        }

        records.Write(Encoding.ASCII.GetBytes($"{length} "));
        records.Write(name);
        records.Write("="u8);
        records.Write(value);
        records.Write("\n"u8);
    }

    private static long WholeSeconds(string time) =>
        time.AsSpan().ContainsAny('.', '-') ? 0 : long.Parse(time, CultureInfo.InvariantCulture);

    private static char TypeFlag(CaseEntry entry) => entry switch
    {
        { Sparse.Format: "gnu" } => 'S',
        { Type: "file" } => '0',
        { Type: "hardlink" } => '1',
        { Type: "symlink" } => '2',
        { Type: "char" } => '3',
        { Type: "block" } => '4',
        { Type: "dir" } => '5',
        { Type: "fifo" } => '6',
        _ => throw new InvalidDataException($"'{entry.Type}' is no type of an entry."),
    };

    private static byte[] Header(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> link, char type, int mode, long uid, long gid, long size, long seconds, long major, long minor)
    {
        byte[] header = new byte[Block];
        name[..Math.Min(name.Length, 100)].CopyTo(header);
        PutOctal(header, 100, 7, mode);
        PutOctal(header, 108, 7, Math.Min(uid, MaxOctal7));
        PutOctal(header, 116, 7, Math.Min(gid, MaxOctal7));
        PutOctal(header, 124, 11, size);
        PutOctal(header, 136, 11, seconds);
        header[156] = (byte)type;
        link[..Math.Min(link.Length, 100)].CopyTo(header.AsSpan(157));
        "ustar\0"u8.CopyTo(header.AsSpan(257));
        "00"u8.CopyTo(header.AsSpan(263));
        PutOctal(header, 329, 7, major);
        PutOctal(header, 337, 7, minor);
        SetChecksum(header);

        return header;
    }

    private static void PutOctal(byte[] header, int at, int digits, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(digits, '0')).CopyTo(header, at);

    private static void SetChecksum(byte[] header)
    {
        header.AsSpan(148, 8).Fill((byte)' ');
        PutOctal(header, 148, 6, header.Sum(each => (long)each));
        header[154] = 0;
    }
}
