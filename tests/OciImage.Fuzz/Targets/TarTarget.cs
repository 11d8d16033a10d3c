using System.Security.Cryptography;
using OciImage.Tar;

namespace OciImage.Fuzz.Targets;

/// <summary>The archives of layers: every entry with its content and attributes is read, written and read again.</summary>
public sealed class TarTarget : FuzzTarget
{
    private const int MaxSparse = 1024 * 1024;
    private const int MaxEntries = 1000;

    private static readonly TarReaderOptions Options = new() { MaxEntries = MaxEntries, MaxSparseSize = MaxSparse };

    /// <inheritdoc/>
    public override string Name => "tar";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Words =>
    [
        "ustar\0" + "00", "ustar  \0", "././@LongLink", "PaxHeaders/x", "../", "./", "/", "30 mtime=1350244992.023960108\n", "20 path=b\n", "16 linkpath=x/y\n",
        "12 size=100\n", "11 uid=-1\n", "22 GNU.sparse.major=1\n", "22 GNU.sparse.minor=0\n", "27 GNU.sparse.realsize=512\n",
        "26 GNU.sparse.map=0,1,9,1\n", "25 GNU.sparse.numblocks=2\n", "27 SCHILY.xattr.user.a=b\n", "0000644\0", "00000000001\0",
        "\u0080", "1\n0\n512\n", "7777777", "tar\0",
    ];

    /// <summary>Reads an archive; returns whether it was one.</summary>
    public static bool Take(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        (List<Read>? read, LayerErrorKind? fault) = ReadAll(new MemoryStream(bytes, writable: false));
        (List<Read>? trickled, LayerErrorKind? other) = ReadAll(new TrickleStream(bytes));
        BrokenPromiseException.Unless(fault == other, "How the bytes arrive changes whether they are an archive.");
        if (read is null)
        {
            return false;
        }

        BrokenPromiseException.Unless(AreEqual(read, trickled!), "How the bytes arrive changes the entries.");
        foreach (Read each in read)
        {
            Check(each.Entry);
        }

        CheckRewritten(read);
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>Changes rarely leave a checksum right, so each input is also taken with its headers put right.</remarks>
    public override void Run(ReadOnlySpan<byte> input)
    {
        Take(input);
        if (TarMending.TryMend(input) is { } mended)
        {
            Take(mended);
        }
    }

    private static (List<Read>? Entries, LayerErrorKind? Fault) ReadAll(Stream source)
    {
        try
        {
            // Streams of memory complete at once.
            return (ReadAllAsync(source).GetAwaiter().GetResult(), null);
        }
        catch (LayerException refusal)
        {
            Refusal.Check(refusal);
            return (null, refusal.Kind);
        }
    }

    private static async Task<List<Read>> ReadAllAsync(Stream source)
    {
        var entries = new List<Read>();
        using var reader = new TarReader(source, Options);
        byte[] buffer = new byte[4096];
        while (await reader.ReadNextAsync() is { } entry)
        {
            CheckExtents(entry, reader.Extents);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long size = 0;
            for (int count; (count = await reader.ReadContentAsync(buffer)) > 0; size += count)
            {
                hash.AppendData(buffer, 0, count);
            }

            BrokenPromiseException.Unless(size == entry.Size, "A content has another size than its entry says.");
            BrokenPromiseException.Unless(await reader.ReadContentAsync(buffer) == 0, "A content goes on after its end.");
            entries.Add(new Read(entry, Convert.ToHexString(hash.GetCurrentHash())));
        }

        await reader.DrainAsync();
        BrokenPromiseException.Unless(entries.Count <= MaxEntries, "There are more entries than allowed.");
        BrokenPromiseException.Unless(await reader.ReadNextAsync() is null, "There are entries after the end.");
        BrokenPromiseException.Unless(
            reader.Oddities.All(oddity => oddity.Length < 2000 && !oddity.Any(char.IsControl)), "A remark is none to show.");
        return entries;
    }

    private static void Check(TarEntry entry)
    {
        BrokenPromiseException.Unless(Enum.IsDefined(entry.Type), "A type is none.");
        BrokenPromiseException.Unless(
            !entry.Name.Span.Contains((byte)0) && !entry.LinkName.Span.Contains((byte)0), "A name has a NUL.");
        BrokenPromiseException.Unless(entry.Mode is >= 0 and <= 0xFFF, "A mode has other bits.");
        BrokenPromiseException.Unless(
            entry.Uid is >= 0 and < uint.MaxValue && entry.Gid is >= 0 and < uint.MaxValue, "An owner is none.");
        BrokenPromiseException.Unless(entry.ModifiedTime.Nanoseconds is >= 0 and < 1_000_000_000, "A time is none.");
        BrokenPromiseException.Unless(entry.Type == TarEntryType.RegularFile || entry.Size == 0, "What is no file has a size.");
        BrokenPromiseException.Unless(
            entry.Xattrs.All(xattr => !xattr.Name.IsEmpty && !xattr.Name.Span.Contains((byte)0)), "An attribute's name is none.");
    }

    private static void CheckExtents(TarEntry entry, IReadOnlyList<TarExtent>? extents)
    {
        long end = 0;
        foreach (TarExtent extent in extents ?? [])
        {
            BrokenPromiseException.Unless(extent.Offset >= end && extent.Length > 0, "A sparse map is out of order.");
            end = extent.Offset + extent.Length;
            BrokenPromiseException.Unless(end <= entry.Size, "A sparse map leaves its file.");
        }
    }

    // What an archive cannot say, the writer refuses; what it writes is read back as it was.
    private static void CheckRewritten(List<Read> read)
    {
        using var archive = new MemoryStream();
        var writer = new TarWriter(archive);
        var written = new List<Read>();
        foreach (Read each in read)
        {
            // The content does not matter here, and would have to be kept.
            TarEntry entry = WithoutContent(each.Entry);
            try
            {
                writer.WriteEntryAsync(entry).AsTask().GetAwaiter().GetResult();
                written.Add(new Read(entry, Convert.ToHexString(SHA256.HashData([]))));
            }
            catch (LayerException refusal)
            {
                Refusal.Check(refusal);
                BrokenPromiseException.Unless(refusal.Kind == LayerErrorKind.Unsupported, "The writer refuses for another reason.");
            }
        }

        writer.CompleteAsync().AsTask().GetAwaiter().GetResult();
        archive.Position = 0;
        (List<Read>? again, LayerErrorKind? fault) = ReadAll(archive);
        BrokenPromiseException.Unless(fault is null && AreEqual(written, again!), "What was written is read as something else.");
    }

    private static TarEntry WithoutContent(TarEntry entry) => new()
    {
        Type = entry.Type,
        Name = entry.Name,
        LinkName = entry.LinkName,
        Mode = entry.Mode,
        Uid = entry.Uid,
        Gid = entry.Gid,
        UserName = entry.UserName,
        GroupName = entry.GroupName,
        ModifiedTime = entry.ModifiedTime,
        DeviceMajor = entry.DeviceMajor,
        DeviceMinor = entry.DeviceMinor,
        Xattrs = entry.Xattrs,
    };

    private static bool AreEqual(List<Read> entries, List<Read> others) =>
        entries.Count == others.Count && entries.Zip(others).All(pair => AreEqual(pair.First, pair.Second));

    private static bool AreEqual(Read one, Read other)
    {
        (TarEntry a, TarEntry b) = (one.Entry, other.Entry);
        return one.Sha256 == other.Sha256 && a.Type == b.Type && a.Size == b.Size && a.Mode == b.Mode &&
            PathOf(a).SequenceEqual(PathOf(b)) && a.LinkName.Span.SequenceEqual(b.LinkName.Span) &&
            a.Uid == b.Uid && a.Gid == b.Gid && a.UserName == b.UserName && a.GroupName == b.GroupName &&
            a.ModifiedTime == b.ModifiedTime && a.DeviceMajor == b.DeviceMajor && a.DeviceMinor == b.DeviceMinor &&
            a.Xattrs.Count == b.Xattrs.Count && a.Xattrs.Zip(b.Xattrs).All(pair =>
                pair.First.Name.Span.SequenceEqual(pair.Second.Name.Span) && pair.First.Value.Span.SequenceEqual(pair.Second.Value.Span));
    }

    // The writer gives directories the slash that they may go without.
    private static ReadOnlySpan<byte> PathOf(TarEntry entry) =>
        entry.Type == TarEntryType.Directory && entry.Name.Span is [.., not (byte)'/'] ? (byte[])[.. entry.Name.Span, (byte)'/'] : entry.Name.Span;

    private sealed record Read(TarEntry Entry, string Sha256);
}
