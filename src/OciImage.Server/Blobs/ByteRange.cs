using System.Globalization;

namespace OciImage.Server.Blobs;

/// <summary>A part of a blob: where it starts and how many bytes it has.</summary>
internal readonly record struct ByteRange(long Offset, long Length)
{
    private const string Unit = "bytes=";

    /// <summary>Reads one byte range (RFC 9110, section 14.1.2) against the size of the blob.</summary>
    /// <param name="header">The field's value.</param>
    /// <param name="size">The size of the blob.</param>
    /// <param name="range">The range, of no bytes where it lies outside the blob.</param>
    /// <returns><see langword="false"/> for what is to be ignored: another unit, several ranges, no range at all.</returns>
    public static bool TryParse(ReadOnlySpan<char> header, long size, out ByteRange range)
    {
        range = default;
        if (!header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        ReadOnlySpan<char> spec = header[Unit.Length..].Trim();
        int dash = spec.IndexOf('-');
        if (dash < 0)
        {
            return false;
        }

        ReadOnlySpan<char> first = spec[..dash];
        ReadOnlySpan<char> last = spec[(dash + 1)..];
        if (first.IsEmpty)
        {
            if (!TryReadNumber(last, out long count))
            {
                return false;
            }

            count = Math.Min(count, size);
            range = new ByteRange(size - count, count);
            return true;
        }

        long end = long.MaxValue;
        if (!TryReadNumber(first, out long start) || (!last.IsEmpty && !TryReadNumber(last, out end)))
        {
            return false;
        }

        // A range that ends before it starts could be ignored as well; the specification's conformance tests want 416.
        range = start >= size || end < start ? default : new ByteRange(start, Math.Min(end, size - 1) - start + 1);
        return true;
    }

    private static bool TryReadNumber(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        // More than fits is further than any blob reaches.
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value))
        {
            value = long.MaxValue;
        }

        return true;
    }
}
