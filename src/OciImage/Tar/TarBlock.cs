using System.Runtime.Intrinsics;

namespace OciImage.Tar;

/// <summary>Looks at one header of 512 bytes; the fields stand where POSIX ustar, star, GNU and V7 have them.</summary>
internal readonly ref struct TarBlock(ReadOnlySpan<byte> bytes)
{
    public const int Size = 512;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public ReadOnlySpan<byte> Name => Text(0, 100);

    public ReadOnlySpan<byte> LinkName => Text(157, 100);

    public ReadOnlySpan<byte> UserName => Text(265, 32);

    public ReadOnlySpan<byte> GroupName => Text(297, 32);

    public byte TypeFlag => _bytes[156];

    public bool IsZero => _bytes.IndexOfAnyExcept((byte)0) < 0;

    public bool IsGnu => _bytes.Slice(257, 8).SequenceEqual("ustar  \0"u8);

    public bool IsStar => IsPosix && _bytes.Slice(508, 4).SequenceEqual("tar\0"u8);

    public bool IsPosix => _bytes.Slice(257, 6).SequenceEqual("ustar\0"u8);

    public bool IsExtended => IsGnu || IsPosix;

    public ReadOnlySpan<byte> ModeField => _bytes.Slice(100, 8);

    public ReadOnlySpan<byte> UidField => _bytes.Slice(108, 8);

    public ReadOnlySpan<byte> GidField => _bytes.Slice(116, 8);

    public ReadOnlySpan<byte> SizeField => _bytes.Slice(124, 12);

    public ReadOnlySpan<byte> ModifiedField => _bytes.Slice(136, 12);

    public ReadOnlySpan<byte> MajorField => _bytes.Slice(329, 8);

    public ReadOnlySpan<byte> MinorField => _bytes.Slice(337, 8);

    public ReadOnlySpan<byte> GnuSparseEntries => _bytes.Slice(386, 4 * SparseMap.GnuEntrySize);

    public bool GnuSparseContinues => _bytes[482] != 0;

    public ReadOnlySpan<byte> GnuRealSizeField => _bytes.Slice(483, 12);

    /// <summary>Gets what stands before the name: POSIX has 155 bytes for it, star 131, and GNU none.</summary>
    public ReadOnlySpan<byte> Prefix
    {
        get
        {
            if (IsStar)
            {
                return Text(345, 131);
            }

            if (IsPosix)
            {
                return Text(345, 155);
            }

            // Go before 1.8 wrote a prefix under GNU's magic, where GNU has times, when a number needed base 256:
            // what is no time is such a prefix. Elsewhere GNU has no prefix.
            if (IsGnu && HasBinaryNumber && (!IsTime(345) || !IsTime(357)))
            {
                ReadOnlySpan<byte> prefix = Text(345, 155);
                return prefix.ContainsAnyExceptInRange((byte)0, (byte)0x7F) ? default : prefix;
            }

            return default;
        }
    }

    private bool HasBinaryNumber =>
        ((UidField[0] | GidField[0] | SizeField[0] | ModifiedField[0] | MajorField[0] | MinorField[0]) & 0x80) != 0;

    /// <summary>Tells whether the checksum is right; old writers added signed bytes.</summary>
    public bool HasValidChecksum()
    {
        ReadOnlySpan<byte> field = _bytes.Slice(148, 8);
        if (!TarNumber.TryReadOctal(field, out long expected))
        {
            return false;
        }

        // The field itself counts as blanks.
        long unsigned = Sum(_bytes) - Sum(field) + (8 * ' ');
        return expected == unsigned || expected == unsigned - (256 * (NegativeBytes(_bytes) - NegativeBytes(field)));
    }

    private static long Sum(ReadOnlySpan<byte> bytes)
    {
        long sum = 0;
        for (; bytes.Length >= Vector128<byte>.Count; bytes = bytes[Vector128<byte>.Count..])
        {
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Create(bytes));
            sum += Vector128.Sum(low + high);
        }

        foreach (byte b in bytes)
        {
            sum += b;
        }

        return sum;
    }

    private static long NegativeBytes(ReadOnlySpan<byte> bytes)
    {
        long count = 0;
        foreach (byte b in bytes)
        {
            count += b >> 7;
        }

        return count;
    }

    private bool IsTime(int offset) => _bytes[offset] == 0 || TarNumber.TryRead(_bytes.Slice(offset, 12), out _);

    // A field that is full has no NUL at its end.
    private ReadOnlySpan<byte> Text(int offset, int length)
    {
        ReadOnlySpan<byte> field = _bytes.Slice(offset, length);
        int end = field.IndexOf((byte)0);

        return end < 0 ? field : field[..end];
    }
}
