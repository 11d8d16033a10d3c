using System.Globalization;
using System.Text;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>Writes sparse files as GNU tar and the three PAX formats have them.</summary>
internal static class SparseArchive
{
    private const int Block = 512;

    /// <summary>Returns the data of an entry, and the part of the header from the magic on where GNU's old format has the map.</summary>
    public static (byte[] Content, byte[]? GnuHeader) Encode(CaseEntry entry)
    {
        if (entry.Sparse is not { } sparse)
        {
            return (CaseContent.Of(entry.Content, entry.ContentBase64, entry.ContentRepeat), null);
        }

        byte[] data = Encoding.UTF8.GetBytes(string.Concat(sparse.Extents.Select(extent => extent.Content)));
        return sparse.Format switch
        {
            "gnu" => (data, GnuHeader(sparse)),
            "pax-1.0" => ([.. Map(sparse), .. data], null),
            _ => (data, null),
        };
    }

    public static IEnumerable<(string Key, string Value)> Records(CaseEntry entry) => entry.Sparse switch
    {
        { Format: "pax-0.0" } sparse =>
        [
            ("GNU.sparse.size", Text(sparse.Size)),
            ("GNU.sparse.numblocks", Text(sparse.Extents.Count)),
            .. sparse.Extents.SelectMany<CaseExtent, (string, string)>(
                extent => [("GNU.sparse.offset", Text(extent.Offset)), ("GNU.sparse.numbytes", Text(Length(extent)))]),
        ],
        { Format: "pax-0.1" } sparse =>
        [
            ("GNU.sparse.size", Text(sparse.Size)),
            ("GNU.sparse.numblocks", Text(sparse.Extents.Count)),
            ("GNU.sparse.map", string.Join(',', sparse.Extents.Select(extent => $"{extent.Offset},{Length(extent)}"))),
        ],
        { Format: "pax-1.0" } sparse =>
        [
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", entry.Name!),
            ("GNU.sparse.realsize", Text(sparse.Size)),
        ],
        _ => [],
    };

    private static byte[] Map(CaseSparse sparse)
    {
        string map = $"{sparse.Extents.Count}\n" + string.Concat(sparse.Extents.Select(extent => $"{extent.Offset}\n{Length(extent)}\n"));
        byte[] bytes = new byte[(map.Length + Block - 1) / Block * Block];
        Encoding.ASCII.GetBytes(map).CopyTo(bytes, 0);

        return bytes;
    }

    // Behind GNU's magic: four extents, whether there are more, and the real size.
    private static byte[] GnuHeader(CaseSparse sparse)
    {
        byte[] end = new byte[Block - 257];
        "ustar  \0"u8.CopyTo(end);
        for (int i = 0; i < sparse.Extents.Count; i++)
        {
            PutOctal(end, 386 - 257 + (24 * i), sparse.Extents[i].Offset);
            PutOctal(end, 398 - 257 + (24 * i), Length(sparse.Extents[i]));
        }

        PutOctal(end, 483 - 257, sparse.Size);
        return end;
    }

    private static void PutOctal(byte[] target, int at, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(11, '0')).CopyTo(target, at);

    private static int Length(CaseExtent extent) => Encoding.UTF8.GetByteCount(extent.Content);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
