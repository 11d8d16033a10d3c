namespace OciImage.Tar;

/// <summary>Checks the maps of sparse files: in order, without overlap, inside the file.</summary>
internal static class SparseMap
{
    public const int GnuEntrySize = 24;

    /// <summary>Makes extents of pairs of offset and length; empty ones are left out.</summary>
    public static IReadOnlyList<TarExtent> FromPairs(IReadOnlyList<long> numbers, long realSize, long dataSize)
    {
        if (numbers.Count % 2 != 0)
        {
            throw TarFault.Malformed("A sparse map has an offset without a length.");
        }

        var extents = new List<TarExtent>(numbers.Count / 2);
        long end = 0;
        long total = 0;
        for (int i = 0; i < numbers.Count; i += 2)
        {
            (long offset, long length) = (numbers[i], numbers[i + 1]);
            if (offset < end || length < 0 || length > realSize - offset)
            {
                throw TarFault.Malformed("A sparse map has extents out of order or outside the file.");
            }

            end = offset + length;
            total += length;
            if (length > 0)
            {
                extents.Add(new TarExtent(offset, length));
            }
        }

        return total == dataSize
            ? extents
            : throw TarFault.Malformed($"A sparse map describes {total} bytes of data, the entry has {dataSize}.");
    }

    /// <summary>Reads the pairs of GNU's old format; the first one without an offset ends them.</summary>
    public static void AddGnuEntries(ReadOnlySpan<byte> entries, List<long> numbers)
    {
        for (; entries.Length >= GnuEntrySize && entries[0] != 0; entries = entries[GnuEntrySize..])
        {
            if (!TarNumber.TryRead(entries[..12], out long offset) || !TarNumber.TryRead(entries[12..24], out long length) ||
                offset < 0 || length < 0)
            {
                throw TarFault.Malformed("A sparse map has a number that is none.");
            }

            numbers.Add(offset);
            numbers.Add(length);
        }
    }
}
