using System.Globalization;
using OciImage.Engines.Protocol;

namespace OciImage.Engines;

/// <summary>The lease under which a store's writes stand, shared by all who hold it and deleted when the last one lets go.</summary>
/// <remarks>
/// A lease that comes of age is followed by another one that holds the same content; the old one stays until the end, since
/// writes may be under way in it. All members may be used by many threads at once.
/// </remarks>
internal sealed class LeaseSlot(ContainerdConnection connection) : IDisposable
{
    private const string ExpireLabel = "containerd.io/gc.expire";
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly HashSet<Digest> _held = [];
    private readonly List<string> _leases = [];
    private DateTimeOffset _renewal;
    private int _holders;
    private volatile bool _isKept;

    /// <summary>Takes hold of the lease, which is made where there is none.</summary>
    public async Task<IAsyncDisposable> HoldAsync(CancellationToken cancellationToken)
    {
        Handle hold = Hold();
        try
        {
            await GetAsync(cancellationToken).ConfigureAwait(false);
            return hold;
        }
        catch
        {
            await hold.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes hold of the lease, which is made when it is first needed.</summary>
    public Handle Hold()
    {
        Interlocked.Increment(ref _holders);
        return new Handle(this);
    }

    /// <summary>Makes the lease where there is none; where nobody holds it, it stays until the end.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (await GetAsync(cancellationToken).ConfigureAwait(false) is null)
        {
            _isKept = true;
            await GetAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns the lease, or <see langword="null"/> where nobody needs one.</summary>
    public async Task<string?> GetAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            bool isNeeded = _leases.Count == 0
                ? _isKept || Volatile.Read(ref _holders) > 0
                : connection.Options.TimeProvider.GetUtcNow() >= _renewal;
            if (isNeeded)
            {
                await CreateAsync(cancellationToken).ConfigureAwait(false);
            }

            return _leases.LastOrDefault();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Holds content that is there, or comes; without a lease it does nothing.</summary>
    public async Task AddAsync(Digest digest, CancellationToken cancellationToken)
    {
        if (await GetAsync(cancellationToken).ConfigureAwait(false) is not { } lease)
        {
            return;
        }

        Note(digest);
        await AddAsync(lease, digest, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes what a write under the lease brought, so that the next lease holds it too.</summary>
    public void Note(Digest digest)
    {
        lock (_held)
        {
            _held.Add(digest);
        }
    }

    /// <summary>Ends the lease whoever holds it, and says so to nobody when that fails: it ends by itself.</summary>
    public async Task EndAsync()
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            _isKept = false;
            await DeleteAsync().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = connection.Options.TimeProvider.GetUtcNow();
        TimeSpan duration = connection.Options.LeaseDuration;
        string lease = $"ocimage-{Guid.NewGuid():N}";
        var request = new CreateRequest { Id = lease };
        request.Labels[ExpireLabel] = (now + duration).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        await connection.AskAsync(
            "take a lease", options => connection.Leases.CreateAsync(request, options), null, cancellationToken).ConfigureAwait(false);
        Digest[] held;
        lock (_held)
        {
            held = [.. _held];
        }

        _leases.Add(lease);
        _renewal = now + (duration / 2);
        foreach (Digest digest in held)
        {
            await AddAsync(lease, digest, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<Google.Protobuf.WellKnownTypes.Empty> AddAsync(string lease, Digest digest, CancellationToken cancellationToken) => connection.AskAsync(
        $"hold '{digest}'",
        options => connection.Leases.AddResourceAsync(
            new AddResourceRequest { Id = lease, Resource = new Resource { Id = digest.ToString(), Type = "content" } }, options),
        null,
        cancellationToken);

    private async Task ReleaseAsync()
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (Interlocked.Decrement(ref _holders) == 0 && !_isKept)
            {
                await DeleteAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task DeleteAsync()
    {
        foreach (string lease in _leases)
        {
            try
            {
                await connection.AskAsync(
                    "end a lease",
                    options => connection.Leases.DeleteAsync(new DeleteRequest { Id = lease }, options),
                    null,
                    CancellationToken.None,
                    TimeSpan.FromTicks(Math.Min(EndLimit.Ticks, connection.Options.Timeout.Ticks))).ConfigureAwait(false);
            }
            catch (EngineException)
            {
            }
        }

        _leases.Clear();
        lock (_held)
        {
            _held.Clear();
        }
    }

    /// <summary>One holder's hold. Disposed without waiting, it lets go in the background.</summary>
    internal sealed class Handle(LeaseSlot slot) : IAsyncDisposable, IDisposable
    {
        private int _released;

        public async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                await slot.ReleaseAsync().ConfigureAwait(false);
            }
        }

        public void Dispose() => _ = DisposeAsync().AsTask().ContinueWith(static task => task.Exception, TaskScheduler.Default);
    }
}
