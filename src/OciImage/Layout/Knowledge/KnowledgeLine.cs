using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>The format of a file of layers: a first line that says what it is, then a line for each layer.</summary>
/// <remarks>
/// The first line names the file's inode: a file that somebody else made and packed up with a layout is not believed where it was
/// unpacked. The others are <c>DIFFID DIGEST SIZE RECIPE CHECK</c>, where a recipe of <c>-</c> is none, and CHECK is the start of the SHA-256 of
/// what is before it.
/// </remarks>
internal static class KnowledgeLine
{
    public const long MaxFileLength = 4 * 1024 * 1024;

    private const string Format = "ociimage-layers 2";
    private const int MaxHeaderLength = 64;
    private const int MaxLineLength = 512;
    private const int MaxRecipeLength = 64;
    private const int CheckLength = 16;

    private static readonly SearchValues<char> RecipeCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    /// <summary>Returns the line for a layer, or <see langword="null"/> where none can stand for it.</summary>
    public static string? Write(KnownLayer layer)
    {
        bool fits = layer.DiffId.CanVerify && layer.Digest.CanVerify && layer.Size >= 0 &&
            (layer.Recipe is null || IsRecipe(layer.Recipe));
        if (!fits)
        {
            return null;
        }

        string text = string.Create(CultureInfo.InvariantCulture, $"{layer.DiffId} {layer.Digest} {layer.Size} {layer.Recipe ?? "-"}");
        return $"{text} {Check(text)}";
    }

    public static byte[] Encode(IEnumerable<KnownLayer> layers, string last, ulong inode)
    {
        var text = new StringBuilder(Header(inode));
        foreach (string line in layers.Select(Write).OfType<string>().Append(last))
        {
            text.Append(line).Append('\n');
        }

        return EncodeLine(text.ToString());
    }

    public static byte[] EncodeLine(string line) => Encoding.ASCII.GetBytes(line.EndsWith('\n') ? line : line + '\n');

    /// <summary>Tells whether a file begins as one of layers does that was made where it is.</summary>
    public static bool IsKnowledge(SafeFileHandle handle, ulong inode)
    {
        string header = Header(inode);
        Span<byte> start = stackalloc byte[MaxHeaderLength];
        start = start[..header.Length];
        return RandomAccess.Read(handle, start, 0) == start.Length && Encoding.ASCII.GetString(start) == header;
    }

    public static bool EndsWithLine(SafeFileHandle handle, long length)
    {
        Span<byte> last = stackalloc byte[1];
        return RandomAccess.Read(handle, last, length - 1) == 1 && last[0] == (byte)'\n';
    }

    /// <summary>Reads the layers of a file in the order of their lines; what is damaged is passed over.</summary>
    public static List<KnownLayer> ReadAll(SafeFileHandle handle, ulong inode)
    {
        long length = RandomAccess.GetLength(handle);
        if (length is 0 or > MaxFileLength || !IsKnowledge(handle, inode))
        {
            return [];
        }

        byte[] bytes = new byte[length];
        int read = 0;
        while (read < bytes.Length && RandomAccess.Read(handle, bytes.AsSpan(read), read) is > 0 and int count)
        {
            read += count;
        }

        return Parse(bytes.AsSpan(0, read));
    }

    /// <summary>Reads the layers of text; what is damaged is passed over.</summary>
    public static List<KnownLayer> Parse(ReadOnlySpan<byte> bytes)
    {
        var layers = new List<KnownLayer>();
        foreach (Range range in bytes.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = bytes[range];
            if (line.Length is > 0 and <= MaxLineLength && Read(Encoding.ASCII.GetString(line)) is { } layer)
            {
                layers.Add(layer);
            }
        }

        return layers;
    }

    private static KnownLayer? Read(string line)
    {
        int checkAt = line.LastIndexOf(' ');
        if (checkAt < 0 || !line.AsSpan(checkAt + 1).SequenceEqual(Check(line[..checkAt])))
        {
            return null;
        }

        string[] fields = line[..checkAt].Split(' ');
        return fields.Length == 4 &&
            Digest.TryParse(fields[0], out Digest diffId) && diffId.CanVerify &&
            Digest.TryParse(fields[1], out Digest digest) && digest.CanVerify &&
            long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out long size) && IsRecipe(fields[3])
            ? new KnownLayer(diffId, digest, size, fields[3] == "-" ? null : fields[3])
            : null;
    }

    private static string Header(ulong inode) => string.Create(CultureInfo.InvariantCulture, $"{Format} {inode}\n");

    private static bool IsRecipe(string text) =>
        text.Length is > 0 and <= MaxRecipeLength && !text.AsSpan().ContainsAnyExcept(RecipeCharacters);

    private static string Check(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)))[..CheckLength];
}
