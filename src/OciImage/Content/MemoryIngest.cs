namespace OciImage.Content;

/// <summary>Content on its way into a <see cref="MemoryStore"/>, held by one caller.</summary>
internal sealed class MemoryIngest : ContentIngest, IResumableIngest
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

    public DateTimeOffset StartedAt => _state.StartedAt;

    public long? Total => _state.Total;

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
        return new(Commit(
            new Descriptor { MediaType = mediaType, Digest = expected ?? Digest.Compute(bytes), Size = Total ?? bytes.Length }, bytes));
    }

    public ValueTask CommitAsync(Descriptor expected, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        Commit(expected, _state.Bytes.ToArray());

        return default;
    }

    public ValueTask SetTotalAsync(long? total, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(total ?? Offset, Offset, nameof(total));
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        _state.Total = total;

        return default;
    }

    public ValueTask TruncateAsync(long length, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Offset);
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        _state.Truncate(length);

        return default;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();

        return default;
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

    private Descriptor Commit(Descriptor wanted, byte[] bytes)
    {
        if (!wanted.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(wanted);
        }

        if (wanted.Size != bytes.Length || (Total ?? bytes.Length) != bytes.Length)
        {
            throw ContentVerificationException.OtherLength(
                wanted.Size == bytes.Length ? wanted with { Size = Total!.Value } : wanted, bytes.Length);
        }

        if (Digest.Compute(bytes, wanted.Digest.Algorithm) is var actual && actual != wanted.Digest)
        {
            throw ContentVerificationException.Mismatch(wanted, actual);
        }

        _store.Add(wanted, bytes);
        End();

        return wanted;
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
