using OciImage.Content;

namespace OciImage.Server.Uploads;

/// <summary>An upload of one blob: the ingest of a store, entered by one request at a time.</summary>
internal sealed class UploadSession : IAsyncDisposable
{
    private readonly SemaphoreSlim _entrance = new(1, 1);
    private readonly TimeProvider _time;
    private readonly ContentIngest _ingest;
    private long _offset;
    private long _usedAt;

    public UploadSession(string id, string repository, ContentIngest ingest, TimeProvider time)
    {
        Id = id;
        Repository = repository;
        _ingest = ingest;
        _time = time;
        _offset = ingest.Offset;
        _usedAt = time.GetTimestamp();
    }

    public string Id { get; }

    public string Repository { get; }

    /// <summary>Gets the number of bytes taken in; may be read while another request writes.</summary>
    public long Offset => Interlocked.Read(ref _offset);

    /// <summary>Gets how long nobody has used the upload.</summary>
    public TimeSpan Rest => _time.GetElapsedTime(Interlocked.Read(ref _usedAt));

    /// <summary>Gets whether the upload was completed or given up.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Enters the upload, when nobody else leaves it too late.</summary>
    public Task<bool> TryEnterAsync(TimeSpan wait, CancellationToken cancellationToken) =>
        _entrance.WaitAsync(wait, cancellationToken);

    public void Leave()
    {
        Touch();
        _entrance.Release();
    }

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _ingest.AppendAsync(bytes, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Exchange(ref _offset, _ingest.Offset);
            Touch();
        }
    }

    public async ValueTask CommitAsync(string mediaType, Digest expected, CancellationToken cancellationToken)
    {
        await _ingest.CommitAsync(mediaType, expected, cancellationToken).ConfigureAwait(false);
        HasEnded = true;
    }

    public ValueTask AbortAsync()
    {
        HasEnded = true;
        return _ingest.AbortAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _ingest.DisposeAsync();

    private void Touch() => Interlocked.Exchange(ref _usedAt, _time.GetTimestamp());
}
