using System.Runtime.CompilerServices;
using OciImage.Content;

namespace OciImage.Layout;

// Content on its way in, keyed by a reference.
public sealed partial class OciLayout
{
    /// <inheritdoc/>
    /// <remarks>
    /// The ingest is also an <see cref="IResumableIngest"/>. What is there is hashed again. When the system was started anew
    /// since it was written, the ingest goes on from what was flushed: with <see cref="Durability.Full"/> each 64 MiB and
    /// when an ingest is disposed, else only by <see cref="IResumableIngest.FlushAsync"/>.
    /// </remarks>
    public ValueTask<ContentIngest> OpenIngestAsync(string key, CancellationToken cancellationToken = default) =>
        _ingests.OpenAsync(key, ListReferrerAsync, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IngestStatus?> GetIngestStatusAsync(string key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(_ingests.GetStatus(key));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IngestStatus> ListIngestsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (IngestStatus status in _ingests.List())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return status;
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> AbortIngestAsync(string key, CancellationToken cancellationToken = default) =>
        _ingests.AbortAsync(key, cancellationToken);

    /// <summary>Removes unfinished content that nobody has open and that nobody wrote to for a while.</summary>
    /// <remarks>
    /// The first write of an instance does the same with <see cref="OciLayoutOptions.IngestGracePeriod"/>. A file whose time
    /// lies more than a day ahead is taken for one that was written under a wrong clock, and is removed.
    /// </remarks>
    /// <param name="olderThan">How long ago the last write must be.</param>
    /// <param name="timeProvider">The clock; the system's by default.</param>
    /// <returns>The number of bytes that came free.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    public long SweepIngests(TimeSpan olderThan, TimeProvider? timeProvider = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, TimeSpan.Zero);
        return LayoutSweep.Sweep(_paths, (timeProvider ?? TimeProvider.System).GetUtcNow().UtcDateTime, olderThan);
    }
}
