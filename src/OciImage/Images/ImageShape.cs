using OciImage.Layers;

namespace OciImage.Images;

/// <summary>Tells images from artifacts, and pairs layers with DiffIDs.</summary>
internal static class ImageShape
{
    private const string Encrypted = "+encrypted";

    public static bool IsImage(ImageManifest manifest) => MediaTypes.IsImageConfig(manifest.Config.MediaType);

    /// <summary>
    /// Tells an image from what has an image's configuration and no layer among its content, as BuildKit's attestations do.
    /// </summary>
    public static bool HasLayersOfImage(ImageManifest manifest) => IsImage(manifest) &&
        (manifest.Layers.Count == 0 ||
            manifest.Layers.Any(layer =>
                MediaTypes.IsLayer(layer.MediaType) || IsEncrypted(layer)));

    /// <summary>Tells a layer that is encrypted (ocicrypt): its DiffID is that of what it hides.</summary>
    public static bool IsEncrypted(Descriptor layer) => layer.MediaType.EndsWith(Encrypted, StringComparison.Ordinal);

    /// <summary>Refuses artifacts, and images with a layer that is none, or is not to be read without a key.</summary>
    public static void RequireImage(OciDocument<ImageManifest> manifest, bool allowEncrypted = false)
    {
        Descriptor config = manifest.Value.Config;
        if (!IsImage(manifest.Value))
        {
            string kind = manifest.Value.ArtifactType is { Length: > 0 } type
                ? $"an artifact of type '{Excerpt.Of(type)}'"
                : "an artifact";
            throw new DocumentFormatException(
                $"'{manifest.Descriptor.Digest}' is {kind}, not an image: its configuration has the media type " +
                $"'{Excerpt.Of(config.MediaType)}'.",
                "$.config.mediaType");
        }

        for (int i = 0; i < manifest.Value.Layers.Count; i++)
        {
            string mediaType = manifest.Value.Layers[i].MediaType;
            if (!MediaTypes.IsLayer(mediaType) && !(allowEncrypted && IsEncrypted(manifest.Value.Layers[i])))
            {
                throw new DocumentFormatException(
                    $"A layer of '{manifest.Descriptor.Digest}' has the media type '{Excerpt.Of(mediaType)}', which is " +
                    "not one of a layer.",
                    $"$.layers[{i}].mediaType");
            }
        }
    }

    /// <summary>Pairs the layers of a manifest with the DiffIDs of its configuration, which must be as many.</summary>
    public static IReadOnlyList<LayerToApply> PairLayers(OciDocument<ImageManifest> manifest, ImageConfig config)
    {
        IReadOnlyList<Descriptor> layers = manifest.Value.Layers;
        IReadOnlyList<Digest> diffIds = config.RootFs.DiffIds;
        if (layers.Count != diffIds.Count)
        {
            throw new DocumentFormatException(
                $"Image '{manifest.Descriptor.Digest}' has {layers.Count} layers, but its configuration has " +
                $"{diffIds.Count} DiffIDs.",
                "$.rootfs.diff_ids");
        }

        return [.. layers.Zip(diffIds, (layer, diffId) => new LayerToApply(layer, diffId))];
    }
}
