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
    private const int MaxHeadersOfOneEntry = 16;

    // Files up to this size are buffered with their header, so that they can be taken without a copy.
    private const int BufferedContent = 128 * 1024;

    // Two blocks, which the end of an archive has.
    private const int HeaderBuffer = 2 * TarBlock.Size;

    private readonly TarInput _input;
    private readonly bool _seeks;
    private readonly TarReaderOptions _options;
    private readonly List<string> _oddities = [];
    private readonly TarContent _content;
    private readonly SparseMapReader _sparseMaps;
    private long _entries;
    private bool _ended;
    private bool _failed;

    /// <summary>Initializes a new instance over a stream that is positioned at the archive's start.</summary>
    /// <param name="source">The uncompressed archive; it stays open.</param>
    /// <param name="options">The limits, or <see langword="null"/> for the defaults.</param>
    public TarReader(Stream source, TarReaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        _options = options?.Clone() ?? new TarReaderOptions();
        _input = new TarInput(source);
        _content = new TarContent(_input);
        _sparseMaps = new SparseMapReader(_input, _options.MaxMetadataSize);
    }

    private TarReader(Stream source, TarReaderOptions options, long length)
    {
        _options = options;
        _seeks = true;
        _input = new TarInput(source, HeaderBuffer, length);
        _content = new TarContent(_input);
        _sparseMaps = new SparseMapReader(_input, _options.MaxMetadataSize);
    }

    /// <summary>Gets what was tolerated so far, at most 100 remarks.</summary>
    public IReadOnlyList<string> Oddities => _oddities;

    /// <summary>Gets the parts of the current entry that have data when it is a sparse file, else <see langword="null"/>.</summary>
    public IReadOnlyList<TarExtent>? Extents => _content.Extents;

    /// <summary>Reads the next entry, and passes over what was not read of the last one's content.</summary>
    /// <param name="cancellationToken">Cancels the reading; the reader cannot be used after that.</param>
    /// <returns>The entry, or <see langword="null"/> at the end of the archive.</returns>
    /// <exception cref="LayerException">The archive is malformed, exceeds a limit or uses what is not supported.</exception>
    /// <exception cref="InvalidOperationException">An earlier call failed.</exception>
    public async ValueTask<TarEntry?> ReadNextAsync(CancellationToken cancellationToken = default)
    {
        if (_failed)
        {
            throw new InvalidOperationException("The archive could not be read on after an earlier failure.");
        }

        if (_ended)
        {
            return null;
        }

        // Until the entry is read: after a failure nobody can tell where the next header starts.
        _failed = true;
        TarEntry? entry = await ReadHeadersAsync(cancellationToken).ConfigureAwait(false);
        _failed = false;

        return entry;
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

    /// <summary>Gets where the content of the current entry starts, from the start of the archive.</summary>
    internal long ContentPosition => _input.Position;

    /// <summary>Makes a reader for headers, which passes over content by seeking and reads little besides.</summary>
    /// <param name="source">A stream that can seek, at its start; it stays open.</param>
    /// <param name="options">The limits.</param>
    internal static TarReader OverHeaders(Stream source, TarReaderOptions options) =>
        new(source, options.Clone(), source.Length);

    /// <summary>Reads data of the current entry without its holes.</summary>
    internal ValueTask<int> ReadDataAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _content.ReadDataAsync(buffer, cancellationToken);

    /// <summary>Gets all data of the current entry where it is buffered already, and takes it.</summary>
    internal bool TryTakeContent(out ReadOnlyMemory<byte> content) => _content.TryTakeAll(out content);

    private async ValueTask<TarEntry?> ReadHeadersAsync(CancellationToken cancellationToken)
    {
        if (!await _content.SkipAsync(cancellationToken).ConfigureAwait(false))
        {
            Report("The archive ends within the padding of its last entry.");
        }

        PaxRecords? pax = null;
        byte[]? longName = null;
        byte[]? longLink = null;
        for (int headers = 0; headers <= MaxHeadersOfOneEntry; headers++)
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
            if (typeFlag is not ((byte)'x' or (byte)'g' or (byte)'L' or (byte)'K'))
            {
                return await ReadEntryAsync(pax, longName, longLink, cancellationToken).ConfigureAwait(false);
            }

            _input.Advance(TarBlock.Size);
            byte[] bytes = await ReadMetadataAsync(size, cancellationToken).ConfigureAwait(false);
            switch (typeFlag)
            {
                case (byte)'x':
                    pax = PaxRecords.Parse(bytes);
                    break;
                case (byte)'L':
                    longName = UpToNul(bytes);
                    break;
                case (byte)'K':
                    longLink = UpToNul(bytes);
                    break;
                default:
                    ReadGlobal(bytes, isAlone: pax is null && longName is null && longLink is null);
                    headers = -1;
                    break;
            }
        }

        throw TarFault.Limit($"An entry has more than {MaxHeadersOfOneEntry} extended headers.");
    }

    private static byte[]? UpToNul(byte[] bytes)
    {
        int end = bytes.AsSpan().IndexOf((byte)0);
        byte[] text = end < 0 ? bytes : bytes[..end];

        return text.Length == 0 ? null : text;
    }

    // Only the syntax of global records counts: container tools apply none of them to an entry.
    private void ReadGlobal(byte[] bytes, bool isAlone)
    {
        if (!isAlone)
        {
            throw TarFault.Malformed("A global extended header stands between an entry and its own extended header.");
        }

        _ = PaxRecords.Parse(bytes);
        CountEntry();
        Report("A global extended header was passed over.");
    }

    private void CountEntry()
    {
        if (++_entries > _options.MaxEntries)
        {
            throw TarFault.Limit($"The archive has more than {_options.MaxEntries} entries.");
        }
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
        if (second > 0 && _input.Buffered.Span.IndexOfAnyExcept((byte)0) is >= 0 and < TarBlock.Size)
        {
            throw TarFault.Malformed("A single block of zeros stands inside the archive.");
        }

        if (second >= TarBlock.Size)
        {
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
        CountEntry();
        TarEntryDraft draft = TarEntryDraft.Read(_input.Buffered.Span[..TarBlock.Size], pax, longName, longLink);
        _input.Advance(TarBlock.Size);
        if (draft.IgnoredSize > 0)
        {
            Report("An entry that has no content has a size, which was passed over.");
        }

        if (draft.IsSparse && draft.RealSize > _options.MaxSparseSize)
        {
            throw TarFault.Limit(
                $"The sparse file has {draft.RealSize} bytes; at most {_options.MaxSparseSize} are read.", draft.Name);
        }

        long dataSize = draft.DataSize;
        if (draft.IsSparse)
        {
            dataSize -= await _sparseMaps.ReadAsync(draft, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<TarExtent>? extents = draft.IsSparse
            ? SparseMap.FromPairs(draft.SparseNumbers, draft.RealSize, dataSize)
            : null;
        TarEntry entry = draft.ToEntry();
        _content.Begin(dataSize, -draft.DataSize & (TarBlock.Size - 1), entry.Size, extents);
        if (!_seeks && dataSize is > 0 and <= BufferedContent)
        {
            await _input.FillAsync((int)dataSize, cancellationToken).ConfigureAwait(false);
        }

        return entry;
    }

    private void Report(string oddity)
    {
        if (_oddities.Count < MaxOddities && !_oddities.Contains(oddity))
        {
            _oddities.Add(oddity);
        }
    }
}
