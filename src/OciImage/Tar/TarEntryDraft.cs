namespace OciImage.Tar;

/// <summary>An entry while its header, extended header and long names are put together.</summary>
internal sealed class TarEntryDraft
{
    private const long MaxId = uint.MaxValue - 1;

    private List<long>? _sparseNumbers;

    public required TarEntryType Type { get; init; }

    public required byte[] Name { get; init; }

    public required byte[] LinkName { get; init; }

    public required TarEntryMetadata Metadata { get; init; }

    /// <summary>Gets the number of bytes that stand in the archive.</summary>
    public required long DataSize { get; init; }

    /// <summary>Gets the size that the header has, although an entry of this type has no content.</summary>
    public required long IgnoredSize { get; init; }

    /// <summary>Gets the size of the file, holes included.</summary>
    public long RealSize { get; private set; }

    public bool HasGnuSparseMap { get; private set; }

    public bool GnuSparseContinues { get; private set; }

    public bool HasSparseMapInData { get; private set; }

    public bool IsSparse { get; private set; }

    public List<long> SparseNumbers => _sparseNumbers ??= [];

    public static TarEntryDraft Read(ReadOnlySpan<byte> header, PaxRecords? pax, byte[]? longName, byte[]? longLink)
    {
        var block = new TarBlock(header);
        PaxSparse? sparse = block.TypeFlag != 'S' && pax?.Sparse is { IsSparse: true } found ? found : null;
        byte[] name = sparse?.Name ?? longName ?? pax?.Path ?? Join(block.Prefix, block.Name);
        byte[] linkName = longLink ?? pax?.LinkPath ?? block.LinkName.ToArray();
        long size = pax?.Size ?? Number(block.SizeField, "size", name);
        if (size < 0 || size > long.MaxValue - TarBlock.Size)
        {
            throw TarFault.Malformed($"The size {size} is out of range.", name);
        }

        TarEntryType type = TypeOf(block.TypeFlag, name, size);
        bool isFile = type == TarEntryType.RegularFile;
        var draft = new TarEntryDraft
        {
            Type = type,
            Name = name,
            LinkName = linkName,
            Metadata = TarEntryMetadata.Read(block, pax, type, name),
            DataSize = isFile ? size : 0,
            IgnoredSize = isFile ? 0 : size,
            RealSize = isFile ? size : 0,
        };
        draft.ReadSparse(block, sparse);

        return draft;
    }

    public static long Number(ReadOnlySpan<byte> field, string what, ReadOnlySpan<byte> name) =>
        TarNumber.TryRead(field, out long value)
            ? value
            : throw TarFault.Malformed($"The {what} is no number.", name);

    public static long Id(long value, string what, ReadOnlySpan<byte> name) => value is >= 0 and <= MaxId
        ? value
        : throw TarFault.Malformed($"The {what} {value} is out of range: 0 to {MaxId}.", name);

    public TarEntry ToEntry() => new()
    {
        Type = Type,
        Name = Name,
        LinkName = LinkName,
        Size = RealSize,
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

    private void ReadSparse(TarBlock block, PaxSparse? sparse)
    {
        if (block.TypeFlag == 'S')
        {
            if (!block.IsGnu)
            {
                throw TarFault.Malformed("A sparse entry is not in GNU's format.", Name);
            }

            IsSparse = true;
            HasGnuSparseMap = true;
            GnuSparseContinues = block.GnuSparseContinues;
            RealSize = Number(block.GnuRealSizeField, "real size", Name);
            SparseMap.AddGnuEntries(block.GnuSparseEntries, SparseNumbers);
        }
        else if (sparse is not null)
        {
            // Raw data of a map that is not understood would pass for content.
            if (!sparse.IsKnownVersion)
            {
                throw TarFault.Unsupported("The version of the sparse format is not known.", Name);
            }

            if (Type != TarEntryType.RegularFile)
            {
                throw TarFault.Malformed("An entry that is no file has a sparse map.", Name);
            }

            IsSparse = true;
            RealSize = sparse.RealSize ?? DataSize;
            HasSparseMapInData = sparse.MapIsInData;
            if (!HasSparseMapInData)
            {
                SparseNumbers.AddRange(sparse.Numbers);
            }
        }

        if (RealSize < 0)
        {
            throw TarFault.Malformed($"The real size {RealSize} is negative.", Name);
        }
    }

    private static byte[] Join(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name) =>
        prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name];

    private static TarEntryType TypeOf(byte typeFlag, byte[] name, long size) => typeFlag switch
    {
        // V7 knew no directories: a file whose name ends in a slash was one.
        0 or (byte)'0' or (byte)'7' when name is [.., (byte)'/'] => size == 0
            ? TarEntryType.Directory
            : throw TarFault.Malformed("A name that ends in a slash has content.", name),
        0 or (byte)'0' or (byte)'7' or (byte)'S' => TarEntryType.RegularFile,
        (byte)'1' => TarEntryType.HardLink,
        (byte)'2' => TarEntryType.SymbolicLink,
        (byte)'3' => TarEntryType.CharacterDevice,
        (byte)'4' => TarEntryType.BlockDevice,
        (byte)'5' => TarEntryType.Directory,
        (byte)'6' => TarEntryType.Fifo,
        _ => throw TarFault.Unsupported(
            $"The type '{Excerpt.Of([(char)typeFlag])}' (0x{typeFlag:x2}) is not known.", name),
    };
}
