using OciImage.Content;

namespace OciImage.Images;

/// <summary>Finds what refers to documents that get another digest, where the options ask for such content.</summary>
internal sealed class AttachedContent(IContentFetcher source, CopyOptions options, LossList losses, GraphReader reader)
{
    public async ValueTask CheckAsync(PlannedDocument root, CancellationToken cancellationToken)
    {
        if (!AttachmentCopier.IsWanted(options))
        {
            return;
        }

        DigestTags? tags = options.IncludeDigestTags
            ? await DigestTags.ListAsync((IReferenceLister)source, cancellationToken).ConfigureAwait(false)
            : null;
        IReadOnlyList<PlannedDocument> all = ConversionConsistency.All(root);
        HashSet<Digest> listed = [.. all.Select(document => document.Original.Digest)];
        foreach (Descriptor document in all.Where(document => document.IsChanged).Select(document => document.Original))
        {
            foreach (string tag in tags?.Of(document.Digest) ?? [])
            {
                losses.Add(document, $"The tag '{Excerpt.Of(tag)}' belongs to '{document.Digest}', which gets another digest.");
            }

            if (options.IncludeReferrers)
            {
                await CheckReferrersAsync(document, listed, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask CheckReferrersAsync(
        Descriptor document, HashSet<Digest> listed, CancellationToken cancellationToken)
    {
        string? onlyType = options.ReferrerTypes.Count == 1 ? options.ReferrerTypes[0] : null;
        await foreach (Descriptor referrer in ((IReferrerSource)source)
            .ListReferrersAsync(document, onlyType, cancellationToken).ConfigureAwait(false))
        {
            reader.Count(1);
            bool isWanted = options.ReferrerTypes.Count == 0 ||
                options.ReferrerTypes.Contains(referrer.ArtifactType, StringComparer.Ordinal);
            if (isWanted && !listed.Contains(referrer.Digest))
            {
                losses.Add(
                    referrer,
                    $"'{referrer.Digest}' ({Excerpt.Of(referrer.ArtifactType ?? "no artifact type")}) refers to '{document.Digest}', " +
                    "which gets another digest: a signature or a statement of the one is none of the other.");
            }
        }
    }
}
