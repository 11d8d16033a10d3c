using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Finds out what no root reaches, and removes it beside other processes that write.</summary>
/// <remarks>
/// <code>
/// the time now → holds → index → mark → list blobs → young ones mark, too
///                                                  → lock: index again, entries that go, first blobs → unlock
///                                                  → lock: index again where it changed, more blobs  → unlock …
/// </code>
/// The order matters. Work that began before the look at the holds and ended before it has its names in the index that is read
/// after it; work that goes on is among the holds; and what began later touches each blob later than the time that was noted first.
/// </remarks>
internal sealed class LayoutCollector(
    string @namespace,
    LayoutPaths paths,
    LayoutIndex index,
    LayoutBlobs blobs,
    LayoutReferrers referrers,
    OciLayoutOptions layoutOptions,
    CollectionOptions options)
{
    // Writers wait for the index as long as one batch takes, a few milliseconds, and get their turn in between. A file system
    // takes long to remove what is large. Time itself is no measure: on a busy machine it would make the batches tiny.
    private const int MaxBatch = 256;
    private const long MaxBatchBytes = 1024L * 1024 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);

    private readonly ContentMarker _marker = new(blobs);
    private readonly List<Digest> _removed = [];
    private readonly List<Digest> _refused = [];
    private DateTime _now;
    private DateTime _limit;
    private long _removedBytes;
    private int _usedMeanwhile;
    private long _usedMeanwhileBytes;

    public async ValueTask<CollectionReport> CollectAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _now = ReadClock();
        (DateTime? oldest, int holds) = LayoutHolds.Find(paths, sweep: !options.DryRun);
        _limit = options.GracePeriod < _now - DateTime.MinValue ? _now - options.GracePeriod : DateTime.MinValue;
        _limit = oldest < _limit ? oldest.Value : _limit;
        options.Progress?.Report(new CollectionProgress(CollectionStage.Marking, 0, 0));

        var roots = new CollectionRoots(
            @namespace, options, blobs, referrers, _marker, _limit, layoutOptions.TimeProvider);
        ImageIndex read = (await index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        await roots.MarkAsync(read, cancellationToken).ConfigureAwait(false);
        BlobListing listing = BlobListing.Read(paths, cancellationToken);
        options.Progress?.Report(new CollectionProgress(CollectionStage.Marking, listing.Blobs.Count, listing.Blobs.Count));
        ListedBlob[] kept = [.. listing.Blobs.Where(blob => _marker.Reached.Contains(blob.Digest))];
        IReadOnlyList<Digest> missing = FindMissing(listing);

        // What is young may get a name yet, and would need what is below it.
        _marker.Mark(
            listing.Blobs.Where(blob => blob.LastWrite >= _limit && !_marker.Reached.Contains(blob.Digest)).Select(blob => blob.Digest),
            cancellationToken);
        ListedBlob[] dead = [.. listing.Blobs.Where(blob => !_marker.Reached.Contains(blob.Digest))];
        var report = new CollectionReport
        {
            IsDryRun = options.DryRun,
            IsStopped = MustStop(),
            Kept = kept.Length,
            KeptBytes = kept.Sum(blob => blob.Size),
            Recent = listing.Blobs.Count - kept.Length - dead.Length,
            RecentBytes = listing.Blobs.Sum(blob => blob.Size) - kept.Sum(blob => blob.Size) - dead.Sum(blob => blob.Size),
            Missing = missing,
            Damaged = [.. _marker.Damaged.Order()],
            Others = listing.Others,
            Holds = holds,
        };
        report = report.IsStopped ? report
            : options.DryRun ? report with
            {
                Removed = [.. dead.Select(blob => blob.Digest).Order()],
                RemovedBytes = dead.Sum(blob => blob.Size),
                PrunedEntries = roots.PrunedEntries,
                EndedLeases = roots.EndedLeases,
                UnfinishedBytes = UnfinishedContent.Measure(paths, _now, _now - _limit),
            }
            : await SweepAsync(roots, dead, report, cancellationToken).ConfigureAwait(false);
        options.Progress?.Report(new CollectionProgress(CollectionStage.Done, report.Removed.Count, report.Removed.Count));

        return report;
    }

    private async ValueTask<CollectionReport> SweepAsync(
        CollectionRoots roots, ListedBlob[] dead, CollectionReport report, CancellationToken cancellationToken)
    {
        List<ListedBlob> order = RemovalOrder.Arrange(dead, _marker, cancellationToken);
        OciDocument<ImageIndex>? last = null;
        int next = 0;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (await LayoutLock.AcquireAsync(paths, layoutOptions, cancellationToken).ConfigureAwait(false))
            {
                OciDocument<ImageIndex> read = await index.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (last is null)
                {
                    ImageIndex left = await roots.MarkAsync(read.Value, cancellationToken).ConfigureAwait(false);
                    if (!MustStop() && !ReferenceEquals(left, read.Value))
                    {
                        index.Write(left);
                        read = await index.ReadAsync(cancellationToken).ConfigureAwait(false);
                    }
                }
                else if (!ReferenceEquals(read, last))
                {
                    roots.MarkAll(read.Value, cancellationToken);
                }

                last = read;
                if (MustStop())
                {
                    break;
                }

                next = RemoveBatch(order, next, cancellationToken);
            }

            options.Progress?.Report(new CollectionProgress(CollectionStage.Sweeping, next, order.Count));
            if (next < order.Count)
            {
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
            }
        }
        while (next < order.Count);

        return report with
        {
            IsStopped = MustStop(),
            Removed = [.. _removed.Order()],
            RemovedBytes = _removedBytes,
            Recent = report.Recent + _usedMeanwhile,
            RecentBytes = report.RecentBytes + _usedMeanwhileBytes,
            Damaged = [.. _marker.Damaged.Order()],
            Refused = _refused,
            PrunedEntries = MustStop() ? 0 : roots.PrunedEntries,
            EndedLeases = MustStop() ? 0 : roots.EndedLeases,
            UnfinishedBytes = LayoutSweep.Sweep(paths, _now, _now - _limit),
        };
    }

    private int RemoveBatch(List<ListedBlob> order, int next, CancellationToken cancellationToken)
    {
        int end = Math.Min(order.Count, next + MaxBatch);
        for (long bytes = 0; next < end && bytes < MaxBatchBytes; next++)
        {
            ListedBlob blob = order[next];
            bytes += blob.Size;
            BlobRemoval removal = _marker.Reached.Contains(blob.Digest)
                ? BlobRemoval.InUse
                : BlobRemover.TryRemove(paths, blob.Digest, _limit);
            if (removal == BlobRemoval.Removed)
            {
                _removed.Add(blob.Digest);
                _removedBytes += blob.Size;
            }
            else if (removal != BlobRemoval.Absent)
            {
                // It is used, or stays for another reason, and so does what is below it.
                _marker.Mark([blob.Digest], cancellationToken);
                _usedMeanwhile++;
                _usedMeanwhileBytes += blob.Size;
                if (removal == BlobRemoval.Refused)
                {
                    _refused.Add(blob.Digest);
                }
            }
        }

        return next;
    }

    private bool MustStop() => _marker.Damaged.Count > 0 && !options.IgnoreDamage;

    private Digest[] FindMissing(BlobListing listing)
    {
        var missing = new HashSet<Digest>(_marker.Reached);
        missing.ExceptWith(listing.Blobs.Select(blob => blob.Digest));
        return [.. missing.Order()];
    }

    // The times of blobs are the file system's, which may be another machine's.
    private DateTime ReadClock()
    {
        if (options.DryRun)
        {
            return TimeProvider.System.GetUtcNow().UtcDateTime;
        }

        using TemporaryFile file = TemporaryFile.Create(paths);
        return BlobTimes.LastWriteOf(file.Handle);
    }
}
