namespace OciImage.Content;

/// <summary>What a <see cref="MemoryStore"/> keeps of an ingest while nobody has it open.</summary>
internal sealed class MemoryIngestState(string key, TimeProvider time)
{
    private DateTimeOffset _updatedAt = time.GetUtcNow();
    private int _open;

    public string Key => key;

    public MemoryStream Bytes { get; } = new();

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    public long? Total { get; set; }

    public IngestStatus Status => new(key, Bytes.Length, _updatedAt)
    {
        StartedAt = StartedAt,
        Total = Total,
        IsOpen = Volatile.Read(ref _open) != 0,
    };

    public void Open()
    {
        if (Interlocked.Exchange(ref _open, 1) != 0)
        {
            throw new IOException($"The ingest '{key}' is open elsewhere.");
        }
    }

    public void Close() => Volatile.Write(ref _open, 0);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Bytes.Write(bytes);
        _updatedAt = time.GetUtcNow();
    }

    public void Truncate(long length)
    {
        Bytes.SetLength(length);
        _updatedAt = time.GetUtcNow();
    }
}
