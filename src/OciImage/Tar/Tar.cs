#pragma warning disable // Stub: replaced by its owner.
namespace OciImage.Tar;

public enum TarEntryType { RegularFile, HardLink, SymbolicLink, CharacterDevice, BlockDevice, Directory, Fifo }

/// <summary>One entry. Names, link targets and xattr values are bytes; Text properties decode UTF-8 leniently for messages.</summary>
public sealed class TarEntry
{
    public required TarEntryType Type { get; init; }
    public required ReadOnlyMemory<byte> Name { get; init; }
    public ReadOnlyMemory<byte> LinkName { get; init; }
    public long Size { get; init; }
    /// <summary>Permission bits incl. setuid/setgid/sticky: 0 to 07777.</summary>
    public int Mode { get; init; }
    public long Uid { get; init; }
    public long Gid { get; init; }
    public string UserName { get; init; } = "";
    public string GroupName { get; init; } = "";
    public TarTimestamp ModifiedTime { get; init; }
    public long DeviceMajor { get; init; }
    public long DeviceMinor { get; init; }
    /// <summary>In ordinal order of names; from SCHILY.xattr.* records, also LIBARCHIVE.xattr.</summary>
    public IReadOnlyList<TarXattr> Xattrs { get; init; } = [];
}
public readonly record struct TarXattr(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value);
/// <summary>Seconds since 1970 and nanoseconds 0..999999999.</summary>
public readonly record struct TarTimestamp(long Seconds, int Nanoseconds);

public sealed class TarReaderOptions
{
    public int MaxMetadataSize { get; set; } = 1024 * 1024;
    public long MaxEntries { get; set; } = long.MaxValue;
}

public sealed class TarReader
{
    public TarReader(Stream source, TarReaderOptions? options = null) { }
    /// <summary>Reads the next entry; skips what was left of the last one's content. Null at the end of the archive. Throws LayerException.</summary>
    public ValueTask<TarEntry?> ReadNextAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
    /// <summary>Reads content of the current entry (holes of sparse files as zeros); 0 at its end.</summary>
    public ValueTask<int> ReadContentAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    /// <summary>Data extents of the current entry when it is sparse, else null.</summary>
    public IReadOnlyList<TarExtent>? Extents => throw new NotImplementedException();
    /// <summary>Oddities that were tolerated, at most 100, in order.</summary>
    public IReadOnlyList<string> Oddities => throw new NotImplementedException();
    /// <summary>Reads the rest of source after the end-of-archive blocks, so that digests see every byte.</summary>
    public ValueTask DrainAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
public readonly record struct TarExtent(long Offset, long Length);

public sealed class TarWriter
{
    public TarWriter(Stream target) { }
    /// <summary>Writes a header (PAX only where ustar cannot say it, in one fixed form); a regular file's content follows by WriteContentAsync, exactly Size bytes.</summary>
    public ValueTask WriteEntryAsync(TarEntry entry, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask WriteContentAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    /// <summary>Writes the two zero blocks; throws InvalidOperationException when content is missing.</summary>
    public ValueTask CompleteAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
