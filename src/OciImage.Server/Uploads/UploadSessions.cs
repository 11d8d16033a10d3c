using System.Collections.Concurrent;
using System.Security.Cryptography;
using OciImage.Content;
using OciImage.Server.Refusals;

namespace OciImage.Server.Uploads;

/// <summary>Keeps the uploads that are under way, and removes those that nobody goes on with.</summary>
internal sealed class UploadSessions : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, UploadSession> _sessions = new(StringComparer.Ordinal);
    private readonly RegistryServerOptions _options;
    private readonly ITimer _sweeper;

    public UploadSessions(RegistryServerOptions options)
    {
        _options = options;
        TimeSpan period = options.UploadTimeout / 4;
        _sweeper = options.TimeProvider.CreateTimer(
            static state => _ = ((UploadSessions)state!).SweepAsync(), this, period, period);
    }

    public async ValueTask<UploadSession> StartAsync(
        string repository, IContentIngester store, CancellationToken cancellationToken)
    {
        if (_sessions.Count >= _options.MaxUploads)
        {
            throw Refusal.TooManyUploads();
        }

        string id = CreateId();
        ContentIngest ingest = await store.OpenIngestAsync(id, cancellationToken).ConfigureAwait(false);
        var session = new UploadSession(id, repository, ingest, _options.TimeProvider);
        _sessions[id] = session;

        return session;
    }

    /// <summary>Finds an upload of a repository, also one that a former process began in the same store.</summary>
    public async ValueTask<UploadSession> FindAsync(
        string id, string repository, IContentIngester store, CancellationToken cancellationToken)
    {
        if (_sessions.TryGetValue(id, out UploadSession? session))
        {
            return session.Repository == repository ? session : throw Refusal.UploadUnknown();
        }

        // Only keys of this form are uploads; a store may have other ingests.
        if (!Guid.TryParseExact(id, "D", out Guid guid) || guid.ToString("D") != id ||
            await store.GetIngestStatusAsync(id, cancellationToken).ConfigureAwait(false) is null)
        {
            throw Refusal.UploadUnknown();
        }

        try
        {
            ContentIngest ingest = await store.OpenIngestAsync(id, cancellationToken).ConfigureAwait(false);
            session = new UploadSession(id, repository, ingest, _options.TimeProvider);
            _sessions[id] = session;

            return session;
        }
        catch (IOException)
        {
            // Opened by another request, or another process, a moment ago; the client will ask again.
            return _sessions.TryGetValue(id, out session) ? session : throw Refusal.UploadUnknown();
        }
    }

    /// <summary>Forgets an upload that was completed or given up. The caller has entered it.</summary>
    public async ValueTask EndAsync(UploadSession session)
    {
        _sessions.TryRemove(session.Id, out _);
        if (!session.HasEnded)
        {
            await session.AbortAsync().ConfigureAwait(false);
        }

        await session.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _sweeper.DisposeAsync().ConfigureAwait(false);
        foreach (UploadSession session in _sessions.Values)
        {
            // Not removed: a later process may go on with what a store on disk has kept.
            if (await session.TryEnterAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false))
            {
                await session.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task SweepAsync()
    {
        foreach (UploadSession session in _sessions.Values.Where(session => session.Rest >= _options.UploadTimeout))
        {
            if (!await session.TryEnterAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false))
            {
                continue;
            }

            try
            {
                await EndAsync(session).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // Its bytes stay until somebody cleans the store; the upload itself is gone.
            }
            finally
            {
                session.Leave();
            }
        }
    }

    // A UUID, as the specification asks, of random bits that nobody can guess.
    private static string CreateId()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);

        return new Guid(bytes, bigEndian: true).ToString("D");
    }
}
