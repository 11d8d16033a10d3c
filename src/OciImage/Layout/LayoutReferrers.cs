using System.Collections.Concurrent;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Knows the subjects of the manifests that <c>index.json</c> lists, each read once.</summary>
internal sealed class LayoutReferrers(LayoutBlobs blobs)
{
    // A referrer brings its annotations along, so that these two bound the memory: 64 MiB.
    private const int MaxKnown = 16 * 1024;
    private const int MaxKnownSize = 4 * 1024;

    private readonly ConcurrentDictionary<ContentKey, Referrer?> _known = new();

    /// <summary>Returns what a manifest refers to, or <see langword="null"/>: it has no subject, is damaged, or is not here.</summary>
    public async ValueTask<Referrer?> FindAsync(Descriptor entry, CancellationToken cancellationToken)
    {
        Descriptor manifest = entry.ToContentDescriptor();
        if (!ContentGraph.HasChildren(manifest) || !blobs.Exists(manifest))
        {
            return null;
        }

        var key = ContentKey.Of(manifest);
        if (_known.TryGetValue(key, out Referrer? known))
        {
            return known;
        }

        byte[]? bytes;
        try
        {
            bytes = await blobs.TryReadDocumentAsync(manifest, cancellationToken).ConfigureAwait(false);
        }
        catch (ContentVerificationException)
        {
            // One damaged manifest does not hide the others.
            return null;
        }

        Referrer? referrer = bytes is null ? null : Referrer.Find(manifest, bytes);
        if (referrer is null || manifest.Size <= MaxKnownSize)
        {
            if (_known.Count >= MaxKnown)
            {
                _known.Clear();
            }

            _known[key] = referrer;
        }

        return referrer;
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
