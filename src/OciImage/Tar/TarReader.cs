using System.Text;

namespace OciImage.Tar;

/// <summary>Reads an archive over bytes: V7, ustar, star, GNU and PAX, with sparse files and attributes.</summary>
/// <remarks>
/// Where implementations differ it reads as Go's archive/tar does, which is what container tools use; what was tolerated
/// stands in <see cref="Oddities"/>. Every length is checked before memory is taken for it. An instance is used by one
/// reader at a time, and does not dispose its source.
/// </remarks>
public sealed class TarReader : IDisposable
{
    private const int MaxOddities = 100;

    private readonly TarInput _input;
    private readonly TarReaderOptions _options;
    private readonly List<string> _oddities = [];
    private readonly TarContent _content;
    private long _entries;
    private bool _ended;

    /// <summary>Initializes a new instance over a stream that is positioned at the archive's start.</summary>
    /// <param name="source">The uncompressed archive; it stays open.</param>
    /// <param name="options">The limits, or <see langword="null"/> for the defaults.</param>
    public TarReader(Stream source, TarReaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        _options = options?.Clone() ?? new TarReaderOptions();
        _input = new TarInput(source);
        _content = new TarContent(_input);
    }

    /// <summary>Gets what was tolerated so far, at most 100 remarks.</summary>
    public IReadOnlyList<string> Oddities => _oddities;

    /// <summary>Gets the parts of the current entry that have data when it is a sparse file, else <see langword="null"/>.</summary>
    public IReadOnlyList<TarExtent>? Extents => _content.Extents;

    /// <summary>Reads the next entry, and passes over what was not read of the last one's content.</summary>
    /// <param name="cancellationToken">Cancels the reading; the reader cannot be used after that.</param>
    /// <returns>The entry, or <see langword="null"/> at the end of the archive.</returns>
    /// <exception cref="LayerException">The archive is malformed or exceeds a limit.</exception>
    public async ValueTask<TarEntry?> ReadNextAsync(CancellationToken cancellationToken = default)
    {
        if (_ended)
        {
            return null;
        }

        await _content.SkipAsync(cancellationToken).ConfigureAwait(false);
        PaxRecords? pax = null;
        byte[]? longName = null;
        byte[]? longLink = null;
        while (true)
        {
            int available = await _input.FillAsync(TarBlock.Size, cancellationToken).ConfigureAwait(false);
            if (available == 0 || IsZeroBlock(available))
            {
                if (pax is not null || longName is not null || longLink is not null)
                {
                    throw TarFault.Malformed("The archive ends after an extended header without its entry.");
                }

                await EndAsync(available, cancellationToken).ConfigureAwait(false);
                return null;
            }

            if (available < TarBlock.Size)
            {
                throw TarFault.Truncated();
            }

            (byte typeFlag, long size) = ReadStart();
            switch (typeFlag)
            {
                case (byte)'x':
                    _input.Advance(TarBlock.Size);
                    pax = PaxRecords.Parse(await ReadMetadataAsync(size, cancellationToken).ConfigureAwait(false));
                    continue;
                case (byte)'g':
                    // Only their syntax counts: container tools apply no global record to an entry.
                    _input.Advance(TarBlock.Size);
                    _ = PaxRecords.Parse(await ReadMetadataAsync(size, cancellationToken).ConfigureAwait(false));
                    Report("A global extended header was passed over.");
                    continue;
                case (byte)'L':
                    _input.Advance(TarBlock.Size);
                    longName = UpToNul(await ReadMetadataAsync(size, cancellationToken).ConfigureAwait(false));
                    continue;
                case (byte)'K':
                    _input.Advance(TarBlock.Size);
                    longLink = UpToNul(await ReadMetadataAsync(size, cancellationToken).ConfigureAwait(false));
                    continue;
                default:
                    if (++_entries > _options.MaxEntries)
                    {
                        throw TarFault.Limit($"The archive has more than {_options.MaxEntries} entries.");
                    }

                    return await ReadEntryAsync(pax, longName, longLink, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads content of the current entry; holes of sparse files read as zeros.</summary>
    /// <param name="buffer">Where the bytes go.</param>
    /// <param name="cancellationToken">Cancels the reading; the reader cannot be used after that.</param>
    /// <returns>The number of bytes, 0 at the end of the content.</returns>
    /// <exception cref="LayerException">The archive ends within the content.</exception>
    public ValueTask<int> ReadContentAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _content.ReadAsync(buffer, cancellationToken);

    /// <summary>Reads what follows the archive's end, so that whoever hashes the source sees every byte.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>A task that ends at the end of the source.</returns>
    public async ValueTask DrainAsync(CancellationToken cancellationToken = default)
    {
        bool onlyZeros = true;
        while (await _input.FillAsync(1, cancellationToken).ConfigureAwait(false) > 0)
        {
            onlyZeros = onlyZeros && _input.Buffered.Span.IndexOfAnyExcept((byte)0) < 0;
            _input.Advance(_input.Buffered.Length);
        }

        if (!onlyZeros)
        {
            Report("Bytes after the end of the archive were passed over.");
        }
    }

    /// <summary>Gives the buffer back; the source stays open.</summary>
    public void Dispose() => _input.Dispose();

    /// <summary>Reads data of the current entry without its holes.</summary>
    internal ValueTask<int> ReadDataAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _content.ReadDataAsync(buffer, cancellationToken);

    /// <summary>Gets all data of the current entry where it is buffered already, and takes it.</summary>
    internal bool TryTakeContent(out ReadOnlyMemory<byte> content) => _content.TryTakeAll(out content);

    private static byte[] UpToNul(byte[] bytes)
    {
        int end = bytes.AsSpan().IndexOf((byte)0);
        return end < 0 ? bytes : bytes[..end];
    }

    private bool IsZeroBlock(int available) =>
        available >= TarBlock.Size && new TarBlock(_input.Buffered.Span[..TarBlock.Size]).IsZero;

    private async ValueTask EndAsync(int available, CancellationToken cancellationToken)
    {
        _ended = true;
        if (available == 0)
        {
            Report("The archive has no end-of-archive blocks.");
            return;
        }

        int second = await _input.FillAsync(2 * TarBlock.Size, cancellationToken).ConfigureAwait(false) - TarBlock.Size;
        _input.Advance(TarBlock.Size);
        if (second >= TarBlock.Size)
        {
            if (!IsZeroBlock(second))
            {
                throw TarFault.Malformed("A single block of zeros stands inside the archive.");
            }

            _input.Advance(TarBlock.Size);
        }
        else
        {
            Report("The archive has one end-of-archive block instead of two.");
        }
    }

    private (byte TypeFlag, long Size) ReadStart()
    {
        var block = new TarBlock(_input.Buffered.Span[..TarBlock.Size]);
        if (!block.HasValidChecksum())
        {
            throw TarFault.Malformed("A header has a wrong checksum.");
        }

        if (!TarNumber.TryRead(block.SizeField, out long size) || size < 0)
        {
            throw TarFault.Malformed("A header has a size that is negative or no number.");
        }

        return (block.TypeFlag, size);
    }

    private async ValueTask<byte[]> ReadMetadataAsync(long size, CancellationToken cancellationToken)
    {
        if (size > _options.MaxMetadataSize)
        {
            throw TarFault.Limit($"An extended header claims {size} bytes; at most {_options.MaxMetadataSize} are read.");
        }

        byte[] bytes = new byte[size];
        int read = 0;
        while (read < bytes.Length)
        {
            int count = await _input.ReadAsync(bytes.AsMemory(read), cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                throw TarFault.Truncated();
            }

            read += count;
        }

        long padding = -size & (TarBlock.Size - 1);
        return await _input.SkipAsync(padding, cancellationToken).ConfigureAwait(false)
            ? bytes
            : throw TarFault.Truncated();
    }

    private async ValueTask<TarEntry> ReadEntryAsync(
        PaxRecords? pax, byte[]? longName, byte[]? longLink, CancellationToken cancellationToken)
    {
        TarEntryDraft draft = TarEntryDraft.Read(_input.Buffered.Span[..TarBlock.Size], pax, longName, longLink);
        _input.Advance(TarBlock.Size);
        if (draft.HasGnuSparseMap)
        {
            await ReadGnuSparseBlocksAsync(draft, cancellationToken).ConfigureAwait(false);
        }

        long dataSize = draft.DataSize;
        if (draft.HasSparseMapInData)
        {
            dataSize -= await ReadSparseMapInDataAsync(draft, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<TarExtent>? extents = draft.IsSparse
            ? SparseMap.FromPairs(draft.SparseNumbers, draft.RealSize, dataSize)
            : null;
        TarEntry entry = draft.ToEntry();
        _content.Begin(dataSize, -draft.DataSize & (TarBlock.Size - 1), entry.Size, extents);

        return entry;
    }

    private async ValueTask ReadGnuSparseBlocksAsync(TarEntryDraft draft, CancellationToken cancellationToken)
    {
        bool more = draft.GnuSparseContinues;
        while (more)
        {
            if (await _input.FillAsync(TarBlock.Size, cancellationToken).ConfigureAwait(false) < TarBlock.Size)
            {
                throw TarFault.Truncated();
            }

            more = AddGnuSparseBlock(draft);
            _input.Advance(TarBlock.Size);
        }
    }

    private bool AddGnuSparseBlock(TarEntryDraft draft)
    {
        if (draft.SparseNumbers.Count * 16L > _options.MaxMetadataSize)
        {
            throw TarFault.Limit("A sparse map is too long.");
        }

        ReadOnlySpan<byte> block = _input.Buffered.Span[..TarBlock.Size];
        SparseMap.AddGnuEntries(block[..(21 * SparseMap.GnuEntrySize)], draft.SparseNumbers);

        return block[504] != 0;
    }

    // Format 1.0: the number of extents, then offset and length of each, one decimal a line, filled up to a block.
    private async ValueTask<long> ReadSparseMapInDataAsync(TarEntryDraft draft, CancellationToken cancellationToken)
    {
        long used = 0;
        long wanted = -1;
        var number = new StringBuilder();
        while (wanted < 0 || draft.SparseNumbers.Count < wanted)
        {
            if (used + TarBlock.Size > Math.Min(_options.MaxMetadataSize, draft.DataSize + TarBlock.Size - 1) ||
                await _input.FillAsync(TarBlock.Size, cancellationToken).ConfigureAwait(false) < TarBlock.Size)
            {
                throw TarFault.Malformed("A sparse map does not end.");
            }

            wanted = ParseSparseBlock(draft.SparseNumbers, number, wanted);
            used += TarBlock.Size;
            _input.Advance(TarBlock.Size);
        }

        return used;
    }

    // Returns how many numbers the map has; the first number of the first block says how many pairs.
    private long ParseSparseBlock(List<long> numbers, StringBuilder number, long wanted)
    {
        foreach (byte c in _input.Buffered.Span[..TarBlock.Size])
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

            long value = long.Parse(number.ToString(), System.Globalization.CultureInfo.InvariantCulture);
            number.Clear();
            if (wanted >= 0)
            {
                numbers.Add(value);
                continue;
            }

            if (value > _options.MaxMetadataSize / 4)
            {
                throw TarFault.Limit($"A sparse map claims {value} extents.");
            }

            wanted = 2 * value;
        }

        return wanted;
    }

    private void Report(string oddity)
    {
        if (_oddities.Count < MaxOddities && !_oddities.Contains(oddity))
        {
            _oddities.Add(oddity);
        }
    }
}
