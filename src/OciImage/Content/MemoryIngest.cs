namespace OciImage.Content;

/// <summary>Content on its way into a <see cref="MemoryStore"/>.</summary>
internal sealed class MemoryIngest(string key, MemoryStore store, TimeProvider time) : ContentIngest
{
    private readonly MemoryStream _bytes = new();
    private DateTimeOffset _updatedAt = time.GetUtcNow();
    private bool _open;
    private bool _ended;

    public override string Key => key;

    public override long Offset => _bytes.Length;

    public IngestStatus Status => new(key, _bytes.Length, _updatedAt);

    public void Open()
    {
        if (_open)
        {
            throw new IOException($"The ingest '{key}' is open elsewhere.");
        }

        _open = true;
    }

    public override ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        _bytes.Write(bytes.Span);
        _updatedAt = time.GetUtcNow();

        return default;
    }

    public override ValueTask<Descriptor> CommitAsync(
        string mediaType, Digest? expected = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(mediaType);
        ThrowIfEnded();
        byte[] bytes = _bytes.ToArray();
        Descriptor descriptor = Descriptor.Create(mediaType, bytes, expected?.Algorithm ?? Digest.Sha256);
        if (expected is { } digest && descriptor.Digest != digest)
        {
            throw ContentVerificationException.Mismatch(descriptor with { Digest = digest }, descriptor.Digest);
        }

        store.Add(descriptor, bytes);
        End();

        return new(descriptor);
    }

    public override ValueTask AbortAsync(CancellationToken cancellationToken = default)
    {
        End();
        return default;
    }

    public override ValueTask DisposeAsync()
    {
        _open = false;
        return default;
    }

    private void End()
    {
        if (!_ended)
        {
            _ended = true;
            store.Forget(this);
        }
    }

    private void ThrowIfEnded()
    {
        if (_ended)
        {
            throw new InvalidOperationException($"The ingest '{key}' was committed or aborted.");
        }

        ObjectDisposedException.ThrowIf(!_open, this);
    }
}
