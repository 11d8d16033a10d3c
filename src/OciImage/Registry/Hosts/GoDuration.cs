using System.Buffers;

namespace OciImage.Registry.Hosts;

/// <summary>Parses durations as Go's <c>time.ParseDuration</c> does: <c>1h30m</c>, <c>1.5s</c>, <c>300ms</c>, <c>0</c>.</summary>
internal static class GoDuration
{
    private const int MaxLength = 64;

    private static readonly SearchValues<char> OfNumbers = SearchValues.Create("0123456789.");

    // Go's own range is 2^63 nanoseconds.
    private const decimal MaxNanoseconds = long.MaxValue;

    /// <summary>Returns the duration, or <see langword="null"/> where the text is none. It may be negative.</summary>
    public static TimeSpan? Parse(string text)
    {
        if (text.Length is 0 or > MaxLength)
        {
            return null;
        }

        bool negative = text[0] == '-';
        ReadOnlySpan<char> rest = text.AsSpan(text[0] is '-' or '+' ? 1 : 0);
        if (rest is "0")
        {
            return TimeSpan.Zero;
        }

        decimal total = 0;
        do
        {
            int digits = rest.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : rest.Length;
            int fraction = 0;
            if (digits < rest.Length && rest[digits] == '.')
            {
                ReadOnlySpan<char> after = rest[(digits + 1)..];
                fraction = after.IndexOfAnyExceptInRange('0', '9') is var stop and >= 0 ? stop : after.Length;
            }

            int number = digits + (digits < rest.Length && rest[digits] == '.' ? 1 + fraction : 0);
            (decimal scale, int unit) = UnitOf(rest[number..]);
            if (digits + fraction == 0 || digits > 19 || scale == 0)
            {
                return null;
            }

            total += (digits == 0 ? 0 : decimal.Parse(rest[..digits], null) * scale) +
                FractionOf(fraction == 0 ? default : rest.Slice(digits + 1, fraction)) * scale;
            if (total > MaxNanoseconds)
            {
                return null;
            }

            rest = rest[(number + unit)..];
        }
        while (!rest.IsEmpty);

        return TimeSpan.FromTicks((long)(total / 100) * (negative ? -1 : 1));
    }

    private static decimal FractionOf(ReadOnlySpan<char> digits)
    {
        decimal value = 0;
        decimal place = 0.1m;
        foreach (char digit in digits[..Math.Min(digits.Length, 15)])
        {
            value += (digit - '0') * place;
            place /= 10;
        }

        return value;
    }

    private static (decimal Nanoseconds, int Length) UnitOf(ReadOnlySpan<char> text)
    {
        // A unit ends where the next number begins.
        int end = text.IndexOfAny(OfNumbers);
        ReadOnlySpan<char> unit = end < 0 ? text : text[..end];

        return unit switch
        {
            "ns" => (1m, unit.Length),
            "us" or "\u00b5s" or "\u03bcs" => (1_000m, unit.Length),
            "ms" => (1_000_000m, unit.Length),
            "s" => (1_000_000_000m, unit.Length),
            "m" => (60_000_000_000m, unit.Length),
            "h" => (3_600_000_000_000m, unit.Length),
            _ => (0m, 0),
        };
    }
}
