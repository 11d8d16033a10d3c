using System.Buffers;
using System.Globalization;
using System.Text;

namespace OciImage.Tar;

/// <summary>Writes one header, with an extended header before it where ustar cannot say everything.</summary>
internal static class TarHeaderWriter
{
    public const long MaxOctal7 = 0x1FFFFF;
    private const int MaxRecords = 1024 * 1024;
    private const long MaxOctal11 = 0x1FFFFFFFF;

    // The same for every entry: a name with a process id or a counter in it would make archives differ.
    private static readonly byte[] ExtendedName = "PaxHeaders/entry"u8.ToArray();

    public static void Write(IBufferWriter<byte> target, TarEntry entry)
    {
        byte[] name = Check(entry);
        bool split = TrySplit(name, out int prefixLength);
        byte[] records = MakeRecords(entry, name, split);
        if (records.Length > 0)
        {
            WriteBlock(target, ExtendedName, 0, [], (byte)'x', 0x1A4, 0, 0, records.Length, 0, 0, 0, "", "");
            target.Write(records);
            int padding = -records.Length & (TarBlock.Size - 1);
            target.GetSpan(TarBlock.Size)[..padding].Clear();
            target.Advance(padding);
        }

        WriteBlock(
            target, name, split ? prefixLength : -1, entry.LinkName.Span, TypeFlag(entry.Type), entry.Mode,
            entry.Uid, entry.Gid, entry.Size, entry.ModifiedTime.Seconds, entry.DeviceMajor, entry.DeviceMinor,
            entry.UserName, entry.GroupName);
    }

    private static byte[] Check(TarEntry entry)
    {
        if (TarEntryRules.FaultOf(entry) is { } fault)
        {
            throw TarFault.Unsupported($"The entry cannot be written: {fault}.", entry.Name.Span);
        }

        ReadOnlySpan<byte> name = entry.Name.Span;
        return entry.Type == TarEntryType.Directory && name[^1] != '/' ? [.. name, (byte)'/'] : name.ToArray();
    }

    // ustar has 100 bytes for the name and 155 for what stands before one of its slashes.
    private static bool TrySplit(ReadOnlySpan<byte> name, out int prefixLength)
    {
        prefixLength = 0;
        if (name.ContainsAnyExceptInRange((byte)1, (byte)0x7E))
        {
            return false;
        }

        if (name.Length <= 100)
        {
            return true;
        }

        prefixLength = name[..Math.Min(name.Length - 1, 156)].LastIndexOf((byte)'/');
        return prefixLength > 0 && name.Length - prefixLength - 1 <= 100;
    }

    private static byte[] MakeRecords(TarEntry entry, byte[] name, bool split)
    {
        var records = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        if (!split)
        {
            records["path"] = name;
        }

        if (entry.LinkName.Length > 100 || entry.LinkName.Span.ContainsAnyExceptInRange((byte)1, (byte)0x7E))
        {
            records["linkpath"] = entry.LinkName.ToArray();
        }

        AddNumber(records, "size", entry.Size, MaxOctal11);
        AddNumber(records, "uid", entry.Uid, MaxOctal7);
        AddNumber(records, "gid", entry.Gid, MaxOctal7);
        AddName(records, "uname", entry.UserName);
        AddName(records, "gname", entry.GroupName);
        if (entry.ModifiedTime.Nanoseconds != 0 || entry.ModifiedTime.Seconds is < 0 or > MaxOctal11)
        {
            records["mtime"] = Encoding.ASCII.GetBytes(TarNumber.FormatTime(entry.ModifiedTime));
        }

        foreach (TarXattr xattr in entry.Xattrs)
        {
            (string key, byte[] value) = PaxXattr.ToRecord(xattr);
            records[key] = value;
        }

        var bytes = new ArrayBufferWriter<byte>();
        foreach ((string key, byte[] value) in records)
        {
            WriteRecord(bytes, Encoding.Latin1.GetBytes(key), value);
        }

        // Readers take no more than this: Go's, and ours by default.
        return bytes.WrittenCount <= MaxRecords
            ? bytes.WrittenSpan.ToArray()
            : throw TarFault.Unsupported(
                $"The entry cannot be written: its extended header would have more than {MaxRecords} bytes.", name);
    }

    private static void AddNumber(SortedDictionary<string, byte[]> records, string key, long value, long max)
    {
        if (value > max)
        {
            records[key] = Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void AddName(SortedDictionary<string, byte[]> records, string key, string value)
    {
        if (value.Length > 31 || !Ascii.IsValid(value))
        {
            records[key] = Encoding.UTF8.GetBytes(value);
        }
    }

    // "length key=value\n", where the length counts its own digits.
    private static void WriteRecord(ArrayBufferWriter<byte> target, byte[] key, byte[] value)
    {
        int rest = key.Length + value.Length + 3;
        int length = rest + Digits(rest);
        length = rest + Digits(length);
        target.Write(Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)));
        target.Write(" "u8);
        target.Write(key);
        target.Write("="u8);
        target.Write(value);
        target.Write("\n"u8);
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;

    private static byte TypeFlag(TarEntryType type) => type switch
    {
        TarEntryType.RegularFile => (byte)'0',
        TarEntryType.HardLink => (byte)'1',
        TarEntryType.SymbolicLink => (byte)'2',
        TarEntryType.CharacterDevice => (byte)'3',
        TarEntryType.BlockDevice => (byte)'4',
        TarEntryType.Directory => (byte)'5',
        TarEntryType.Fifo => (byte)'6',
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static void WriteBlock(
        IBufferWriter<byte> target,
        ReadOnlySpan<byte> name, int prefixLength, ReadOnlySpan<byte> linkName, byte typeFlag,
        int mode, long uid, long gid, long size, long seconds, long major, long minor,
        string userName, string groupName)
    {
        Span<byte> block = target.GetSpan(TarBlock.Size)[..TarBlock.Size];
        block.Clear();
        bool hasPrefix = prefixLength > 0;
        ReadOnlySpan<byte> last = hasPrefix ? name[(prefixLength + 1)..] : name;
        Put(block[..100], last);
        Put(block.Slice(157, 100), linkName);
        if (hasPrefix)
        {
            Put(block.Slice(345, 155), name[..prefixLength]);
        }

        PutOctal(block.Slice(100, 8), mode);
        PutOctal(block.Slice(108, 8), Math.Min(uid, MaxOctal7));
        PutOctal(block.Slice(116, 8), Math.Min(gid, MaxOctal7));
        PutOctal(block.Slice(124, 12), Math.Min(size, MaxOctal11));
        PutOctal(block.Slice(136, 12), Math.Clamp(seconds, 0, MaxOctal11));
        block[156] = typeFlag;
        "ustar\0"u8.CopyTo(block[257..]);
        "00"u8.CopyTo(block[263..]);
        Put(block.Slice(265, 31), Ascii.IsValid(userName) ? Encoding.ASCII.GetBytes(userName) : []);
        Put(block.Slice(297, 31), Ascii.IsValid(groupName) ? Encoding.ASCII.GetBytes(groupName) : []);
        PutOctal(block.Slice(329, 8), major);
        PutOctal(block.Slice(337, 8), minor);
        int checksum = 8 * ' ';
        foreach (byte b in block)
        {
            checksum += b;
        }

        PutOctal(block.Slice(148, 7), checksum);
        block[155] = (byte)' ';
        target.Advance(TarBlock.Size);
    }

    // What does not fit stands in the extended header; ustar gets the start of it, for people who look.
    private static void Put(Span<byte> field, ReadOnlySpan<byte> text) =>
        text[..Math.Min(text.Length, field.Length)].CopyTo(field);

    private static void PutOctal(Span<byte> field, long value)
    {
        for (int i = field.Length - 2; i >= 0; i--)
        {
            field[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }
}
