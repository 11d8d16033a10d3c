namespace OciImage.Content;

/// <summary>What a <see cref="MemoryStore"/> keeps of an ingest while nobody has it open.</summary>
internal sealed class MemoryIngestState(string key, TimeProvider time)
{
    private DateTimeOffset _updatedAt = time.GetUtcNow();
    private int _open;

    public string Key => key;

    public MemoryStream Bytes { get; } = new();

    public IngestStatus Status => new(key, Bytes.Length, _updatedAt);

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
}
