namespace OciImage.Tar;

/// <summary>The content of the current entry: its data, the padding after it, and the holes of a sparse file.</summary>
internal sealed class TarContent(TarInput input)
{
    private long _dataLeft;
    private long _padding;
    private long _size;
    private long _position;
    private int _extent;

    public IReadOnlyList<TarExtent>? Extents { get; private set; }

    public void Begin(long dataSize, long padding, long size, IReadOnlyList<TarExtent>? extents)
    {
        _dataLeft = dataSize;
        _padding = padding;
        _size = size;
        _position = 0;
        _extent = 0;
        Extents = extents;
    }

    /// <summary>Passes over what is left; returns whether the padding was whole.</summary>
    public async ValueTask<bool> SkipAsync(CancellationToken cancellationToken)
    {
        if (_dataLeft > 0 && !await input.SkipAsync(_dataLeft, cancellationToken).ConfigureAwait(false))
        {
            throw TarFault.Truncated();
        }

        // Go accepts an archive that ends within the last padding.
        bool isWhole = _padding == 0 || await input.SkipAsync(_padding, cancellationToken).ConfigureAwait(false);
        Begin(0, 0, 0, null);

        return isWhole;
    }

    public bool TryTakeAll(out ReadOnlyMemory<byte> content)
    {
        if (Extents is not null || _dataLeft > input.Buffered.Length)
        {
            content = default;
            return false;
        }

        content = input.Buffered[..(int)_dataLeft];
        input.Advance((int)_dataLeft);
        _dataLeft = 0;

        return true;
    }

    public async ValueTask<int> ReadDataAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_dataLeft == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        int wanted = (int)Math.Min(_dataLeft, buffer.Length);
        int read = await input.ReadAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
        if (read == 0)
        {
            throw TarFault.Truncated();
        }

        _dataLeft -= read;
        return read;
    }

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Extents is null ? ReadDataAsync(buffer, cancellationToken) : ReadSparseAsync(buffer, cancellationToken);

    private async ValueTask<int> ReadSparseAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_position == _size || buffer.IsEmpty)
        {
            return 0;
        }

        TarExtent? next = _extent < Extents!.Count ? Extents[_extent] : null;
        long dataStart = next?.Offset ?? _size;
        if (_position < dataStart)
        {
            int zeros = (int)Math.Min(buffer.Length, dataStart - _position);
            buffer.Span[..zeros].Clear();
            _position += zeros;
            return zeros;
        }

        long dataEnd = next!.Value.Offset + next.Value.Length;
        int wanted = (int)Math.Min(buffer.Length, dataEnd - _position);
        int read = await ReadDataAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
        _position += read;
        if (_position == dataEnd)
        {
            _extent++;
        }

        return read;
    }
}
