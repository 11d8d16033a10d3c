using System.Text;

namespace OciImage.Tar;

/// <summary>An entry while its header, extended header and long names are put together.</summary>
internal sealed class TarEntryDraft
{
    private const long MaxId = uint.MaxValue - 1;

    public required TarEntryType Type { get; init; }

    public required byte[] Name { get; init; }

    public required byte[] LinkName { get; init; }

    public required TarEntryMetadata Metadata { get; init; }

    /// <summary>Gets the number of bytes that stand in the archive.</summary>
    public required long DataSize { get; init; }

    /// <summary>Gets the size of the file, holes included.</summary>
    public required long RealSize { get; init; }

    public required bool HasGnuSparseMap { get; init; }

    public required bool GnuSparseContinues { get; init; }

    public required bool HasSparseMapInData { get; init; }

    public required bool IsSparse { get; init; }

    public required List<long> SparseNumbers { get; init; }

    public static TarEntryDraft Read(ReadOnlySpan<byte> header, PaxRecords? pax, byte[]? longName, byte[]? longLink)
    {
        var block = new TarBlock(header);
        byte[] name = longName ?? pax?.Sparse.Name ?? pax?.Path ?? Join(block.Prefix, block.Name);
        string display = Encoding.UTF8.GetString(name);
        byte[] linkName = longLink ?? pax?.LinkPath ?? block.LinkName.ToArray();
        long size = pax?.Size ?? Number(block.SizeField, "size", display);
        if (size < 0 || size > long.MaxValue - TarBlock.Size)
        {
            throw TarFault.Malformed($"The size {size} is out of range.", display);
        }

        bool gnuSparse = block.TypeFlag == 'S';
        if (gnuSparse && !block.IsGnu)
        {
            throw TarFault.Malformed("A sparse entry is not in GNU's format.", display);
        }

        TarEntryType type = TypeOf(block.TypeFlag, name, size, display);
        bool isFile = type == TarEntryType.RegularFile;
        var numbers = new List<long>();
        bool paxSparse = isFile && pax?.Sparse.IsSparse == true;
        long realSize = isFile ? size : 0;
        if (gnuSparse)
        {
            realSize = Number(block.GnuRealSizeField, "real size", display);
            SparseMap.AddGnuEntries(block.GnuSparseEntries, numbers);
        }
        else if (paxSparse)
        {
            realSize = pax!.Sparse.RealSize ?? size;
            numbers.AddRange(pax.Sparse.Numbers);
        }

        if (realSize < 0)
        {
            throw TarFault.Malformed($"The real size {realSize} is negative.", display);
        }

        return new TarEntryDraft
        {
            Type = type,
            Name = name,
            LinkName = linkName,
            Metadata = TarEntryMetadata.Read(block, pax, type, display),
            DataSize = isFile ? size : 0,
            RealSize = realSize,
            HasGnuSparseMap = gnuSparse,
            GnuSparseContinues = gnuSparse && block.GnuSparseContinues,
            HasSparseMapInData = paxSparse && pax!.Sparse.MapIsInData,
            IsSparse = gnuSparse || paxSparse,
            SparseNumbers = numbers,
        };
    }

    public static long Number(ReadOnlySpan<byte> field, string what, string display) =>
        TarNumber.TryRead(field, out long value)
            ? value
            : throw TarFault.Malformed($"The {what} is no number.", display);

    public static long Id(long value, string what, string display) => value is >= 0 and <= MaxId
        ? value
        : throw TarFault.Malformed($"The {what} {value} is out of range: 0 to {MaxId}.", display);

    public TarEntry ToEntry() => new()
    {
        Type = Type,
        Name = Name,
        LinkName = LinkName,
        Size = Type == TarEntryType.RegularFile ? RealSize : 0,
        Mode = Metadata.Mode,
        Uid = Metadata.Uid,
        Gid = Metadata.Gid,
        UserName = Metadata.UserName,
        GroupName = Metadata.GroupName,
        ModifiedTime = Metadata.ModifiedTime,
        DeviceMajor = Metadata.DeviceMajor,
        DeviceMinor = Metadata.DeviceMinor,
        Xattrs = Metadata.Xattrs,
    };

    private static byte[] Join(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name) =>
        prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name];

    private static TarEntryType TypeOf(byte typeFlag, byte[] name, long size, string display) => typeFlag switch
    {
        // V7 knew no directories: a file whose name ends in a slash was one.
        0 or (byte)'0' when name is [.., (byte)'/'] => size == 0
            ? TarEntryType.Directory
            : throw TarFault.Malformed("A name that ends in a slash has content.", display),
        0 or (byte)'0' or (byte)'7' or (byte)'S' => TarEntryType.RegularFile,
        (byte)'1' => TarEntryType.HardLink,
        (byte)'2' => TarEntryType.SymbolicLink,
        (byte)'3' => TarEntryType.CharacterDevice,
        (byte)'4' => TarEntryType.BlockDevice,
        (byte)'5' => TarEntryType.Directory,
        (byte)'6' => TarEntryType.Fifo,
        _ => throw new LayerException(
            LayerErrorKind.Unsupported, $"The type '{Excerpt.Of([(char)typeFlag])}' (0x{typeFlag:x2}) is not known.", display),
    };
}
