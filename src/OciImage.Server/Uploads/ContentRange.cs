using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OciImage.Server.Uploads;

/// <summary>The first and the last byte of a chunk (distribution-spec 1.1.1, "Pushing a blob in chunks").</summary>
internal readonly record struct ContentRange(long First, long Last)
{
    public long Length => Last - First + 1;

    // Not the form of RFC 9110: digits, a dash, digits.
    public static bool TryParse([NotNullWhen(true)] string? header, out ContentRange range)
    {
        range = default;
        ReadOnlySpan<char> text = header;
        int dash = text.IndexOf('-');
        if (dash < 0 ||
            !long.TryParse(text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out long first) ||
            !long.TryParse(text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long last) ||
            last < first ||
            last == long.MaxValue)
        {
            return false;
        }

        range = new ContentRange(first, last);
        return true;
    }
}
