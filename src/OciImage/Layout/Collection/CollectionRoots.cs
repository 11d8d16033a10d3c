using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Tells the entries of <c>index.json</c> that stay from those that a collection takes away, and marks what stays.</summary>
internal sealed class CollectionRoots(
    string @namespace,
    CollectionOptions options,
    LayoutBlobs blobs,
    LayoutReferrers referrers,
    ContentMarker marker,
    DateTime limit,
    TimeProvider time)
{
    public int PrunedEntries { get; private set; }

    public int EndedLeases { get; private set; }

    /// <summary>Marks what stays, and returns the index that lists nothing else.</summary>
    public async ValueTask<ImageIndex> MarkAsync(ImageIndex index, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        LayoutLease[] ended = [.. LeaseRecords.Read(index).Where(lease => lease.HasExpired(now))];
        ImageIndex current = LeaseRecords.Remove(index, ended.Select(lease => (lease.Namespace, lease.Id)));
        var candidates = new HashSet<Descriptor>(
            current.Manifests.Where(IsCandidate), ReferenceEqualityComparer.Instance);
        IReadOnlyList<Digest> reached = marker.Mark(
            current.Manifests.Where(entry => !candidates.Contains(entry)), cancellationToken);

        // What refers to something live is live, and so is what refers to that: each digest that is reached lets go of those
        // that wait for it.
        Dictionary<Digest, List<Descriptor>> waiting = await FindWaitingAsync(candidates, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Digest> known = [.. waiting.Keys.Where(marker.Reached.Contains)];
        while (known.Count > 0)
        {
            Descriptor[] found =
                [.. known.SelectMany(digest => waiting.Remove(digest, out List<Descriptor>? entries) ? entries : [])];
            candidates.ExceptWith(found);
            reached = marker.Mark(found, cancellationToken);
            known = [.. reached.Where(waiting.ContainsKey)];
        }

        PrunedEntries = candidates.Count;
        EndedLeases = ended.Length;
        return candidates.Count == 0
            ? current
            : current with { Manifests = [.. current.Manifests.Where(entry => !candidates.Contains(entry))] };
    }

    /// <summary>Marks everything that is listed, since it was decided before what goes.</summary>
    public void MarkAll(ImageIndex index, CancellationToken cancellationToken) => marker.Mark(index.Manifests, cancellationToken);

    // What is young may be about to get its name, or its subject's.
    private bool IsCandidate(Descriptor entry) =>
        options.PruneUntagged != PruneScope.None &&
        LayoutEntry.NameOf(entry) is null && LayoutEntry.LeaseOf(entry) is null &&
        (options.PruneUntagged == PruneScope.AllNamespaces || LayoutEntry.NamespaceOf(entry) == @namespace) &&
        !(blobs.TryGetLastWrite(entry.Digest) >= limit);

    private async ValueTask<Dictionary<Digest, List<Descriptor>>> FindWaitingAsync(
        IEnumerable<Descriptor> candidates, CancellationToken cancellationToken)
    {
        var waiting = new Dictionary<Digest, List<Descriptor>>();
        foreach (Descriptor entry in candidates)
        {
            if (await referrers.FindAsync(entry, cancellationToken).ConfigureAwait(false) is { } referrer)
            {
                if (!waiting.TryGetValue(referrer.Subject, out List<Descriptor>? others))
                {
                    waiting.Add(referrer.Subject, others = []);
                }

                others.Add(entry);
            }
        }

        return waiting;
    }
}
