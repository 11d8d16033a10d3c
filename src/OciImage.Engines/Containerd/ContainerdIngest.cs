using OciImage.Content;

namespace OciImage.Engines;

/// <summary>Content on its way into a containerd, held by one caller: its lock is a stream that ends with this process.</summary>
internal sealed class ContainerdIngest : ContentIngest
{
    private readonly ContainerdConnection _connection;
    private readonly LeaseSlot _leases;
    private readonly string _reference;
    private WriteSession? _session;
    private long _offset;
    private bool _ended;
    private bool _disposed;

    private ContainerdIngest(ContainerdConnection connection, LeaseSlot leases, string key)
    {
        _connection = connection;
        _leases = leases;
        _reference = ToReference(key);
        Key = key;
    }

    public override string Key { get; }

    public override long Offset => _session?.Offset ?? _offset;

    public static string ToReference(string key) => $"ocimage-ingest-{key}";

    public static async Task<ContainerdIngest> OpenAsync(
        ContainerdConnection connection, LeaseSlot leases, string key, CancellationToken cancellationToken)
    {
        var ingest = new ContainerdIngest(connection, leases, key);
        try
        {
            await ingest.ConnectAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (EngineException exception) when (exception.Kind == EngineErrorKind.Busy)
        {
            throw new IOException($"Another holder has the ingest '{key}' open.", exception);
        }

        return ingest;
    }

    public override async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        const int ChunkSize = 1024 * 1024;
        ThrowIfEnded();
        while (!bytes.IsEmpty)
        {
            ReadOnlyMemory<byte> chunk = bytes[..Math.Min(ChunkSize, bytes.Length)];
            await UseAsync(session => session.AppendAsync(chunk, cancellationToken), cancellationToken).ConfigureAwait(false);
            bytes = bytes[chunk.Length..];
        }
    }

    public override async ValueTask<Descriptor> CommitAsync(
        string mediaType, Digest? expected = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(mediaType);
        ThrowIfEnded();
        var committed = new Descriptor { MediaType = mediaType, Digest = expected ?? Digest.Compute(default), Size = Offset };
        if (!committed.Digest.CanVerify)
        {
            throw new ContentVerificationException(
                committed,
                $"Content '{committed.Digest}' cannot be verified: the algorithm '{committed.Digest.Algorithm}' is not sha256 or sha512.");
        }

        await UseAsync(
            async session =>
            {
                await session.AskAsync(cancellationToken).ConfigureAwait(false);
                if (!Digest.TryParse(session.ActualDigest, out Digest actual))
                {
                    throw _connection.Socket.Error(
                        EngineErrorKind.InvalidAnswer, $"containerd does not say which digest the ingest '{Key}' has.");
                }

                committed = committed with { Digest = expected ?? actual, Size = session.Offset };

                // Asked first: a commit that is refused would end the stream and its lock.
                if (actual != committed.Digest)
                {
                    throw new ContentVerificationException(
                        committed, $"Content has the digest '{actual}', expected '{committed.Digest}'.");
                }

                try
                {
                    await session.CommitAsync(
                        session.Offset, committed.Digest.ToString(), new Dictionary<string, string>(), cancellationToken)
                        .ConfigureAwait(false);
                }
                catch (EngineException exception) when (exception.Kind == EngineErrorKind.AlreadyExists)
                {
                }
            },
            cancellationToken).ConfigureAwait(false);
        _leases.Note(committed.Digest);
        End();

        return committed;
    }

    public override async ValueTask AbortAsync(CancellationToken cancellationToken = default)
    {
        if (_ended)
        {
            return;
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
        End();
        try
        {
            await _connection.AskAsync(
                $"drop the ingest '{Key}'",
                options => _connection.Content.AbortAsync(new Protocol.AbortRequest { Ref = _reference }, options),
                null,
                cancellationToken).ConfigureAwait(false);
        }
        catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound)
        {
        }
    }

    public override ValueTask DisposeAsync()
    {
        _disposed = true;
        Close();
        return default;
    }

    // A stream that failed is opened again by the next call, where containerd says how far the last one came.
    private async Task UseAsync(Func<WriteSession, Task> use, CancellationToken cancellationToken)
    {
        if (_session is null)
        {
            await ConnectAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            await use(_session!).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not ContentVerificationException)
        {
            Close();
            throw;
        }
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        string? lease = await _leases.GetAsync(cancellationToken).ConfigureAwait(false);
        _session = await WriteSession.OpenAsync(
            _connection, $"write the ingest '{Key}'", _reference, lease, null, cancellationToken).ConfigureAwait(false);
    }

    private void End()
    {
        _ended = true;
        Close();
    }

    private void Close()
    {
        _offset = _session?.Offset ?? _offset;
        _session?.Dispose();
        _session = null;
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
