using System.Globalization;
using System.Text;

namespace OciImage.Tar;

/// <summary>Reads the maps of sparse files that stand behind the header: GNU's old format, and PAX 1.0.</summary>
internal sealed class SparseMapReader(TarInput input, int maxSize)
{
    /// <summary>Reads what of a map stands behind the header; returns how many bytes of the data it takes.</summary>
    public async ValueTask<long> ReadAsync(TarEntryDraft draft, CancellationToken cancellationToken)
    {
        if (draft.HasGnuSparseMap)
        {
            await ReadGnuBlocksAsync(draft, cancellationToken).ConfigureAwait(false);
        }

        return draft.HasSparseMapInData
            ? await ReadMapInDataAsync(draft, cancellationToken).ConfigureAwait(false)
            : 0;
    }

    private async ValueTask ReadGnuBlocksAsync(TarEntryDraft draft, CancellationToken cancellationToken)
    {
        bool more = draft.GnuSparseContinues;
        for (long used = TarBlock.Size; more; used += TarBlock.Size)
        {
            if (used > maxSize)
            {
                throw TarFault.Limit($"A sparse map has more than {maxSize} bytes.", draft.Name);
            }

            if (await input.FillAsync(TarBlock.Size, cancellationToken).ConfigureAwait(false) < TarBlock.Size)
            {
                throw TarFault.Truncated();
            }

            more = AddGnuBlock(draft);
            input.Advance(TarBlock.Size);
        }
    }

    private bool AddGnuBlock(TarEntryDraft draft)
    {
        ReadOnlySpan<byte> block = input.Buffered.Span[..TarBlock.Size];
        SparseMap.AddGnuEntries(block[..(21 * SparseMap.GnuEntrySize)], draft.SparseNumbers);

        return block[504] != 0;
    }

    // Format 1.0: the number of extents, then offset and length of each, one decimal a line, filled up to a block.
    private async ValueTask<long> ReadMapInDataAsync(TarEntryDraft draft, CancellationToken cancellationToken)
    {
        long used = 0;
        long wanted = -1;
        var number = new StringBuilder();
        while (wanted < 0 || draft.SparseNumbers.Count < wanted)
        {
            if (used + TarBlock.Size > Math.Min(maxSize, draft.DataSize + TarBlock.Size - 1) ||
                await input.FillAsync(TarBlock.Size, cancellationToken).ConfigureAwait(false) < TarBlock.Size)
            {
                throw TarFault.Malformed("A sparse map does not end.");
            }

            wanted = ParseBlock(draft.SparseNumbers, number, wanted);
            used += TarBlock.Size;
            input.Advance(TarBlock.Size);
        }

        return used;
    }

    // Returns how many numbers the map has; the first number of the first block says how many pairs.
    private long ParseBlock(List<long> numbers, StringBuilder number, long wanted)
    {
        foreach (byte c in input.Buffered.Span[..TarBlock.Size])
        {
            if (wanted >= 0 && numbers.Count == wanted)
            {
                break;
            }

            if (c is >= (byte)'0' and <= (byte)'9' && number.Length < 18)
            {
                number.Append((char)c);
                continue;
            }

            if (c != '\n' || number.Length == 0)
            {
                throw TarFault.Malformed("A sparse map has a number that is none.");
            }

            long value = long.Parse(number.ToString(), CultureInfo.InvariantCulture);
            number.Clear();
            if (wanted >= 0)
            {
                numbers.Add(value);
                continue;
            }

            if (value > maxSize / 4)
            {
                throw TarFault.Limit($"A sparse map claims {value} extents.");
            }

            wanted = 2 * value;
        }

        return wanted;
    }
}
