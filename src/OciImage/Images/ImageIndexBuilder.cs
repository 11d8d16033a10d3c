using OciImage.Content;

namespace OciImage.Images;

/// <summary>Builds an index of images, usually one for each platform. The same arguments give the same bytes.</summary>
public static class ImageIndexBuilder
{
    /// <summary>Writes an index of manifests that are in the target already.</summary>
    /// <remarks>
    /// The index is a Docker manifest list where everything in it is a Docker image and there are no annotations, else an
    /// OCI index.
    /// </remarks>
    /// <param name="target">The store that takes it.</param>
    /// <param name="manifests">The manifests with their platforms, in the order of preference.</param>
    /// <param name="reference">The tag for it, or <see langword="null"/> for none.</param>
    /// <param name="annotations">The annotations of the index, or <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">Cancels the writing; the tag is then either as before or as wanted.</param>
    /// <returns>The descriptor of the index.</returns>
    /// <exception cref="ArgumentException">A descriptor is not one of a manifest or an index.</exception>
    /// <exception cref="ContentNotFoundException">A manifest is not in the target.</exception>
    /// <exception cref="NotSupportedException">A tag is wanted, and the target cannot hold tags.</exception>
    public static async ValueTask<Descriptor> BuildAsync(
        IContentStore target,
        IReadOnlyList<Descriptor> manifests,
        string? reference = null,
        IReadOnlyDictionary<string, string>? annotations = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(manifests);
        using IDisposable? hold = (target as IContentHolder)?.TryHold();
        foreach (Descriptor manifest in manifests)
        {
            if (!MediaTypes.IsManifest(manifest.MediaType) && !MediaTypes.IsIndex(manifest.MediaType))
            {
                throw new ArgumentException(
                    $"'{Excerpt.Of(manifest.MediaType)}' is not the media type of a manifest or an index.", nameof(manifests));
            }

            if (!await target.ExistsAsync(manifest, cancellationToken).ConfigureAwait(false))
            {
                throw ContentNotFoundException.ForDigest(manifest.Digest, "the target of the index");
            }
        }

        // In the order of the keys: a map has none of its own, and the bytes shall not depend on it.
        var sorted = new SortedDictionary<string, string>(
            annotations?.ToDictionary() ?? [], StringComparer.Ordinal);
        bool docker = manifests.Count > 0 && sorted.Count == 0 &&
            manifests.All(manifest => manifest.MediaType == MediaTypes.DockerManifest);
        var index = OciDocument<ImageIndex>.Create(new ImageIndex
        {
            MediaType = docker ? MediaTypes.DockerManifestList : MediaTypes.ImageIndex,
            Manifests = manifests,
            Annotations = sorted,
        });
        await ContentTransfer
            .PushTaggedAsync(target, index.Descriptor, index.Bytes, reference, cancellationToken)
            .ConfigureAwait(false);

        return index.Descriptor;
    }
}
