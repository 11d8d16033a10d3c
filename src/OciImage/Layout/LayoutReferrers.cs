using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Knows the subjects of the manifests that <c>index.json</c> lists, each read once.</summary>
internal sealed class LayoutReferrers(LayoutBlobs blobs)
{
    private readonly KnownReferrers _known = new(blobs.TryReadDocumentAsync);

    /// <summary>Returns what a manifest refers to, or <see langword="null"/>: it has no subject, is damaged, or is not here.</summary>
    public async ValueTask<Referrer?> FindAsync(Descriptor entry, CancellationToken cancellationToken)
    {
        Descriptor manifest = entry.ToContentDescriptor();
        return ContentGraph.HasChildren(manifest) && blobs.Exists(manifest)
            ? await _known.FindAsync(manifest, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>Returns the digests of those entries that refer to something.</summary>
    public async ValueTask<HashSet<Digest>> FilterAsync(IEnumerable<Descriptor> entries, CancellationToken cancellationToken)
    {
        var referrers = new HashSet<Digest>();
        foreach (Descriptor entry in entries)
        {
            if (await FindAsync(entry, cancellationToken).ConfigureAwait(false) is not null)
            {
                referrers.Add(entry.Digest);
            }
        }

        return referrers;
    }
}
