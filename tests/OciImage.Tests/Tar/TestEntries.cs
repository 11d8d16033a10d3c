using System.Text;
using CsCheck;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

/// <summary>Makes entries for the writer; the content of a file follows from its size.</summary>
internal static class TestEntries
{
    private static readonly Gen<byte[]> Name =
        Gen.Frequency(
            (6, Gen.Char["abc./"].Array[1, 300].Select(chars => Encoding.ASCII.GetBytes(chars))),
            (1, Gen.Byte[1, 255].Array[1, 300]),
            (1, Gen.Int[45, 130].Select(half => Encoding.ASCII.GetBytes(new string('d', half) + "/" + new string('f', half)))));

    private static readonly Gen<long> Id = Gen.OneOf(Gen.Long[0, 70_000], Gen.Long[0, uint.MaxValue - 1L]);

    private static readonly Gen<TarTimestamp> Time = Gen.Select(
        Gen.OneOf(Gen.Long[0, 2_000_000_000], Gen.Long[long.MinValue + 1, long.MaxValue]),
        Gen.OneOf(Gen.Int[0, 0], Gen.Int[0, 999_999_999]),
        (seconds, nanoseconds) => new TarTimestamp(seconds, nanoseconds));

    private static readonly Gen<TarXattr[]> Xattrs = Gen.Select(
            Gen.Byte[1, 255].Array[1, 20], Gen.Byte.Array[1, 200],
            (name, value) => new TarXattr(name, value))
        .Array[0, 4]
        .Select(list => list
            .DistinctBy(xattr => Convert.ToHexString(xattr.Name.Span))
            .OrderBy(xattr => Convert.ToHexString(xattr.Name.Span), StringComparer.Ordinal)
            .ToArray());

    /// <summary>Gets entries of every type.</summary>
    public static Gen<TarEntry> Any { get; } = Gen.Select(
        Gen.Int[0, 6], Name, Name, Gen.Int[0, 3000], Gen.Int[0, 0xFFF], Gen.Select(Id, Id), Time, Xattrs,
        (type, name, link, size, mode, owner, time, xattrs) =>
            Make((TarEntryType)type, name, link, size, mode, owner, time, xattrs));

    public static TarEntry File(
        string name, string content = "", long? size = null, int mode = 0x1A4, long uid = 0, long gid = 0,
        TarTimestamp time = default, (string Name, string Value)? xattr = null) => new()
        {
            Type = TarEntryType.RegularFile,
            Name = Encoding.UTF8.GetBytes(name),
            Size = size ?? content.Length,
            Mode = mode,
            Uid = uid,
            Gid = gid,
            ModifiedTime = time,
            Xattrs = xattr is { } one
                ? [new TarXattr(Encoding.UTF8.GetBytes(one.Name), Encoding.UTF8.GetBytes(one.Value))]
                : [],
        };

    public static TarEntry Link(TarEntryType type, string name, string target, long size = 0) => new()
    {
        Type = type,
        Name = Encoding.UTF8.GetBytes(name),
        LinkName = Encoding.UTF8.GetBytes(target),
        Size = size,
        Mode = 0x1FF,
    };

    public static byte[] ContentOf(TarEntry entry) => [.. Enumerable.Range(0, (int)entry.Size).Select(i => (byte)i)];

    public static async Task<byte[]> WriteAsync(params TarEntry[] entries)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        var target = new MemoryStream();
        var writer = new TarWriter(target);
        foreach (TarEntry entry in entries)
        {
            await writer.WriteEntryAsync(entry, token);
            byte[] content = ContentOf(entry);
            int half = content.Length / 2;
            await writer.WriteContentAsync(content.AsMemory(0, half), token);
            await writer.WriteContentAsync(content.AsMemory(half), token);
        }

        await writer.CompleteAsync(token);
        return target.ToArray();
    }

    public static void AssertSame(TarEntry expected, TarEntry actual)
    {
        Assert.Equal(expected.Type, actual.Type);
        Assert.Equal(expected.Name.ToArray(), actual.Name.ToArray());
        Assert.Equal(expected.LinkName.ToArray(), actual.LinkName.ToArray());
        Assert.Equal(expected.Size, actual.Size);
        Assert.Equal(expected.Mode, actual.Mode);
        Assert.Equal((expected.Uid, expected.Gid), (actual.Uid, actual.Gid));
        Assert.Equal((expected.UserName, expected.GroupName), (actual.UserName, actual.GroupName));
        Assert.Equal(expected.ModifiedTime, actual.ModifiedTime);
        Assert.Equal((expected.DeviceMajor, expected.DeviceMinor), (actual.DeviceMajor, actual.DeviceMinor));
        Assert.Equal(Describe(expected.Xattrs), Describe(actual.Xattrs));
    }

    private static IEnumerable<string> Describe(IReadOnlyList<TarXattr> xattrs) =>
        xattrs.Select(xattr => $"{Convert.ToHexString(xattr.Name.Span)}={Convert.ToHexString(xattr.Value.Span)}");

    private static TarEntry Make(
        TarEntryType type, byte[] name, byte[] link, int size, int mode,
        (long, long) owner, TarTimestamp time, TarXattr[] xattrs)
    {
        bool isFile = type == TarEntryType.RegularFile;
        bool isDevice = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        return new TarEntry
        {
            Type = type,
            Name = type == TarEntryType.Directory && name[^1] != '/' ? [.. name, (byte)'/'] :
                isFile && name[^1] == '/' ? [.. name, (byte)'x'] : name,
            LinkName = type is TarEntryType.HardLink or TarEntryType.SymbolicLink ? link : [],
            Size = isFile ? size : 0,
            Mode = mode,
            Uid = owner.Item1,
            Gid = owner.Item2,
            UserName = size % 3 == 0 ? "" : size % 3 == 1 ? "root" : new string('ü', size % 40),
            GroupName = size % 5 == 0 ? new string('g', size % 50) : "",
            ModifiedTime = time,
            DeviceMajor = isDevice ? size : 0,
            DeviceMinor = isDevice ? 2 * size : 0,
            Xattrs = xattrs,
        };
    }
}
