using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Knows the subjects of the manifests that an archive lists, each read once.</summary>
internal sealed class ArchiveReferrers(ImageArchive archive)
{
    // A referrer brings its annotations along, so that these two bound the memory: 64 MiB.
    private const int MaxKnown = 16 * 1024;
    private const int MaxKnownSize = 4 * 1024;

    private readonly ConcurrentDictionary<ContentKey, Referrer?> _known = new();

    public async IAsyncEnumerable<Descriptor> ListAsync(
        Descriptor subject, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<Descriptor> roots = await archive.ReadRootsAsync(cancellationToken).ConfigureAwait(false);
        foreach (Descriptor root in roots.DistinctBy(root => root.Digest).OrderBy(root => root.Digest))
        {
            Referrer? referrer = await FindAsync(root.ToContentDescriptor(), cancellationToken).ConfigureAwait(false);
            if (referrer?.Subject == subject.Digest &&
                (artifactType is null || referrer.Descriptor.ArtifactType == artifactType))
            {
                yield return referrer.Descriptor;
            }
        }
    }

    private async ValueTask<Referrer?> FindAsync(Descriptor manifest, CancellationToken cancellationToken)
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
            bytes = await archive.TryReadDocumentAsync(manifest, cancellationToken).ConfigureAwait(false);
        }
        catch (ContentVerificationException)
        {
            // One damaged manifest does not hide the others.
            return null;
        }

        Referrer? referrer = bytes is null ? null : Referrer.Find(manifest, bytes);
        if ((referrer is null || manifest.Size <= MaxKnownSize) && _known.Count < MaxKnown)
        {
            _known[key] = referrer;
        }

        return referrer;
    }
}
