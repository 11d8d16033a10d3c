namespace OciImage.Content;

/// <summary>Content on its way into a <see cref="MemoryStore"/>, held by one caller.</summary>
internal sealed class MemoryIngest : ContentIngest
{
    private readonly MemoryIngestState _state;
    private readonly MemoryStore _store;
    private bool _ended;
    private bool _disposed;

    public MemoryIngest(MemoryIngestState state, MemoryStore store)
    {
        state.Open();
        _state = state;
        _store = store;
    }

    public override string Key => _state.Key;

    public override long Offset => _state.Bytes.Length;

    public override ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        _state.Append(bytes.Span);

        return default;
    }

    public override ValueTask<Descriptor> CommitAsync(
        string mediaType, Digest? expected = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(mediaType);
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        byte[] bytes = _state.Bytes.ToArray();
        var wanted = new Descriptor { MediaType = mediaType, Digest = expected ?? Digest.Compute(bytes), Size = bytes.Length };
        if (!wanted.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(wanted);
        }

        if (expected is not null && Digest.Compute(bytes, wanted.Digest.Algorithm) is var actual && actual != expected)
        {
            throw ContentVerificationException.Mismatch(wanted, actual);
        }

        _store.Add(wanted, bytes);
        End();

        return new(wanted);
    }

    public override ValueTask AbortAsync(CancellationToken cancellationToken = default)
    {
        if (!_ended)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            End();
        }

        return default;
    }

    public override ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            _state.Close();
        }

        return default;
    }

    private void End()
    {
        _ended = true;
        _store.Forget(_state);
    }

    private void ThrowIfEnded()
    {
        if (_ended)
        {
            throw new InvalidOperationException($"The ingest '{Key}' was committed or aborted.");
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
    }
}
