using System.Text;

namespace OciImage.Fuzz.Targets;

/// <summary>Puts the headers of a changed tar archive right: where they stand, their checksums, and sizes that do not fit any more.</summary>
internal static class TarMending
{
    private const int Block = 512;
    private const int SizeAt = 124;
    private const int SizeLength = 12;
    private const int ChecksumAt = 148;
    private const int ChecksumLength = 8;
    private const int MagicAt = 257;

    /// <summary>Returns the archive, or <see langword="null"/> where nothing looks like a header.</summary>
    public static byte[]? TryMend(ReadOnlySpan<byte> input)
    {
        List<int> starts = FindHeaders(input);
        if (starts.Count == 0)
        {
            return null;
        }

        var mended = new List<byte>(input.Length + Block);
        for (int i = 0; i < starts.Count; i++)
        {
            int end = i + 1 < starts.Count ? starts[i + 1] : input.Length;
            AddEntry(mended, input[starts[i]..end]);
        }

        mended.AddRange(new byte[2 * Block]);
        return [.. mended];
    }

    private static List<int> FindHeaders(ReadOnlySpan<byte> input)
    {
        var starts = new List<int>();
        for (int at = 0; at < input.Length;)
        {
            int found = input[at..].IndexOf("ustar"u8);
            if (found < 0)
            {
                break;
            }

            int start = at + found - MagicAt;
            if (start >= 0 && (starts.Count == 0 || start >= starts[^1] + Block) && start + Block <= input.Length)
            {
                starts.Add(start);
            }

            at += found + 1;
        }

        return starts;
    }

    private static void AddEntry(List<byte> mended, ReadOnlySpan<byte> entry)
    {
        byte[] header = entry[..Block].ToArray();
        ReadOnlySpan<byte> content = entry[Block..];
        if (ReadSize(header) is not { } size || (size + Block - 1) / Block * Block != content.Length)
        {
            content = content.TrimEnd((byte)0);
            Encoding.ASCII.GetBytes(Convert.ToString(content.Length, 8).PadLeft(SizeLength - 1, '0') + "\0").CopyTo(header, SizeAt);
        }

        header.AsSpan(ChecksumAt, ChecksumLength).Fill((byte)' ');
        string checksum = Convert.ToString(header.Sum(b => (long)b), 8).PadLeft(6, '0') + "\0 ";
        Encoding.ASCII.GetBytes(checksum).CopyTo(header, ChecksumAt);
        mended.AddRange(header);
        mended.AddRange(content);
        mended.AddRange(new byte[-content.Length & (Block - 1)]);
    }

    private static long? ReadSize(byte[] header)
    {
        long size = 0;
        foreach (byte digit in header.AsSpan(SizeAt, SizeLength - 1))
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                return null;
            }

            size = size * 8 + digit - '0';
        }

        return size;
    }
}
