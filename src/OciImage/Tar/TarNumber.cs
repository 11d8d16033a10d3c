using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;

namespace OciImage.Tar;

/// <summary>Reads the numbers of headers: octal with blanks around it, or base 256 with the top bit set.</summary>
internal static class TarNumber
{
    /// <summary>Reads a field; an empty one is 0.</summary>
    public static bool TryRead(ReadOnlySpan<byte> field, out long value) =>
        !field.IsEmpty && (field[0] & 0x80) != 0 ? TryReadBinary(field, out value) : TryReadOctal(field, out value);

    public static bool TryReadOctal(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        int end = digits.IndexOf((byte)0);
        digits = end < 0 ? digits : digits[..end];
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > (long.MaxValue >> 3))
            {
                return false;
            }

            value = (value << 3) | (long)(digit - '0');
        }

        return true;
    }

    /// <summary>Reads a whole decimal number of a PAX record, without sign unless it is negative.</summary>
    public static bool TryReadDecimal(ReadOnlySpan<byte> text, out long value) =>
        Utf8Parser.TryParse(text, out value, out int consumed) && consumed == text.Length && text[0] != '+';

    /// <summary>Reads seconds with an optional fraction, of which nine digits count.</summary>
    public static bool TryReadTime(ReadOnlySpan<byte> text, out TarTimestamp time)
    {
        time = default;
        int point = text.IndexOf((byte)'.');
        ReadOnlySpan<byte> whole = point < 0 ? text : text[..point];
        if (whole.IsEmpty || !TryReadDecimal(whole, out long seconds))
        {
            return false;
        }

        int nanoseconds = 0;
        if (point >= 0)
        {
            ReadOnlySpan<byte> fraction = text[(point + 1)..];
            if (fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            {
                return false;
            }

            for (int i = 0; i < 9; i++)
            {
                nanoseconds = (nanoseconds * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
            }
        }

        // "-1.5" is one and a half seconds before 1970, so that the nanoseconds count back.
        if (whole[0] == '-' && nanoseconds > 0)
        {
            if (seconds == long.MinValue)
            {
                return false;
            }

            seconds--;
            nanoseconds = 1_000_000_000 - nanoseconds;
        }

        time = new TarTimestamp(seconds, nanoseconds);
        return true;
    }

    /// <summary>Writes seconds with as many digits of a fraction as there are.</summary>
    public static string FormatTime(TarTimestamp time)
    {
        (long seconds, int nanoseconds) = (time.Seconds, time.Nanoseconds);
        string sign = "";
        if (seconds < 0 && nanoseconds > 0)
        {
            seconds++;
            nanoseconds = 1_000_000_000 - nanoseconds;
            sign = seconds == 0 ? "-" : "";
        }

        string fraction = nanoseconds == 0
            ? ""
            : "." + nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        return sign + seconds.ToString(CultureInfo.InvariantCulture) + fraction;
    }

    // Two's complement, big endian; the top bit says that it is binary and is not part of the number.
    private static bool TryReadBinary(ReadOnlySpan<byte> field, out long value)
    {
        bool negative = (field[0] & 0x40) != 0;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Fill(negative ? (byte)0xFF : (byte)0);
        Span<byte> target = bytes[^field.Length..];
        field.CopyTo(target);
        target[0] = (byte)(negative ? target[0] | 0x80 : target[0] & 0x7F);
        value = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);

        return bytes[..8].IndexOfAnyExcept(negative ? (byte)0xFF : (byte)0) < 0 && value < 0 == negative;
    }
}
