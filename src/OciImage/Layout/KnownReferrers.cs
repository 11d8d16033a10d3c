using System.Collections.Concurrent;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Knows the subjects of manifests, each read once.</summary>
/// <param name="read">Reads a document; <see langword="null"/> where it is absent, or larger than documents are.</param>
internal sealed class KnownReferrers(Func<Descriptor, CancellationToken, ValueTask<byte[]?>> read)
{
    // A referrer brings its annotations along, so that these two bound the memory: 64 MiB.
    private const int MaxKnown = 16 * 1024;
    private const int MaxKnownSize = 4 * 1024;

    private readonly ConcurrentDictionary<ContentKey, Referrer?> _known = new();

    /// <summary>Returns what a manifest refers to, or <see langword="null"/>: it has no subject, is damaged, or is not here.</summary>
    public async ValueTask<Referrer?> FindAsync(Descriptor manifest, CancellationToken cancellationToken)
    {
        if (!ContentGraph.HasChildren(manifest))
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
            bytes = await read(manifest, cancellationToken).ConfigureAwait(false);
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
}
