namespace OciImage.Layout;

/// <summary>Tells what a collection removed and kept; of a dry run, what it would have.</summary>
public sealed record CollectionReport
{
    /// <summary>Gets whether nothing was changed, since only a report was wanted.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Gets whether nothing was removed, since a document is damaged and so hides what it referred to.</summary>
    public bool IsStopped { get; init; }

    /// <summary>Gets what was removed.</summary>
    public IReadOnlyList<Digest> Removed { get; init; } = [];

    /// <summary>Gets the size of what was removed in bytes; what has a second name elsewhere takes room until that goes, too.</summary>
    public long RemovedBytes { get; init; }

    /// <summary>Gets how many blobs roots reach.</summary>
    public int Kept { get; init; }

    /// <summary>Gets the size of what roots reach in bytes.</summary>
    public long KeptBytes { get; init; }

    /// <summary>
    /// Gets how many blobs nothing reaches but are kept for now: they are younger than the grace period, or than work that goes
    /// on, or are below what is.
    /// </summary>
    public int Recent { get; init; }

    /// <summary>Gets the size of what is kept for now in bytes.</summary>
    public long RecentBytes { get; init; }

    /// <summary>Gets manifests and indexes that are referred to and not here, as those that a sparse copy left out.</summary>
    public IReadOnlyList<Digest> Missing { get; init; } = [];

    /// <summary>Gets manifests and indexes that are referred to and damaged, or cannot be read.</summary>
    public IReadOnlyList<Digest> Damaged { get; init; } = [];

    /// <summary>Gets blobs that should have gone and could not be removed.</summary>
    public IReadOnlyList<Digest> Refused { get; init; } = [];

    /// <summary>Gets the paths, relative to the layout, of what stands among the blobs and is none; it is left alone.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    /// <summary>Gets how many untagged entries were taken from <c>index.json</c>.</summary>
    public int PrunedEntries { get; init; }

    /// <summary>Gets how many leases had ended and were removed.</summary>
    public int EndedLeases { get; init; }

    /// <summary>Gets how many pieces of work were going on, in this process and others.</summary>
    public int Holds { get; init; }

    /// <summary>Gets the size in bytes of unfinished content that was left behind and removed.</summary>
    public long UnfinishedBytes { get; init; }
}
