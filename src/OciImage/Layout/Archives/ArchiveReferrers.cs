using System.Runtime.CompilerServices;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Knows the subjects of the manifests that an archive lists, each read once.</summary>
internal sealed class ArchiveReferrers(ImageArchive archive)
{
    private readonly KnownReferrers _known = new(archive.TryReadDocumentAsync);

    public async IAsyncEnumerable<Descriptor> ListAsync(
        Descriptor subject, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<Descriptor> roots = await archive.ReadRootsAsync(cancellationToken).ConfigureAwait(false);
        foreach (Descriptor root in roots.DistinctBy(root => root.Digest).OrderBy(root => root.Digest))
        {
            Referrer? referrer = await _known.FindAsync(root.ToContentDescriptor(), cancellationToken).ConfigureAwait(false);
            if (referrer?.Subject == subject.Digest &&
                (artifactType is null || referrer.Descriptor.ArtifactType == artifactType))
            {
                yield return referrer.Descriptor;
            }
        }
    }
}
