using OciImage.Content;

namespace OciImage.Images;

/// <summary>Builds an index of images, usually one for each platform.</summary>
public static class ImageIndexBuilder
{
    /// <summary>Writes an index of manifests that are in the target already.</summary>
    /// <param name="target">The store that takes it.</param>
    /// <param name="manifests">The manifests with their platforms, in the order of preference.</param>
    /// <param name="reference">The tag for it, or <see langword="null"/> for none.</param>
    /// <param name="annotations">The annotations of the index, or <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">Cancels the writing; the tag is then either as before or as wanted.</param>
    /// <returns>The descriptor of the index.</returns>
    /// <exception cref="ContentNotFoundException">A manifest is not in the target.</exception>
    public static async ValueTask<Descriptor> BuildAsync(
        IContentStore target,
        IReadOnlyList<Descriptor> manifests,
        string? reference = null,
        IReadOnlyDictionary<string, string>? annotations = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(manifests);
        foreach (Descriptor manifest in manifests)
        {
            if (!await target.ExistsAsync(manifest, cancellationToken).ConfigureAwait(false))
            {
                throw ContentNotFoundException.ForDigest(manifest.Digest, "the target of the index");
            }
        }

        var index = OciDocument<ImageIndex>.Create(new ImageIndex
        {
            MediaType = MediaTypes.ImageIndex,
            Manifests = manifests,
            Annotations = annotations ?? new Dictionary<string, string>(),
        });
        await ContentTransfer
            .PushTaggedAsync(target, index.Descriptor, index.Bytes, reference, cancellationToken)
            .ConfigureAwait(false);

        return index.Descriptor;
    }
}
