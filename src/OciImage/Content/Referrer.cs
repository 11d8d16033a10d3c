namespace OciImage.Content;

/// <summary>A manifest as its subject's list of referrers shows it (distribution-spec 1.1.1, "Listing Referrers").</summary>
/// <param name="Subject">The digest of what the manifest refers to.</param>
/// <param name="Descriptor">The manifest, with its artifact type and annotations.</param>
internal sealed record Referrer(Digest Subject, Descriptor Descriptor)
{
    /// <summary>Reads the subject of a manifest or an index; what has none, or is no such document, refers to nothing.</summary>
    public static Referrer? Find(Descriptor manifest, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return MediaTypes.IsManifest(manifest.MediaType) ? OfManifest(manifest, bytes)
                : MediaTypes.IsIndex(manifest.MediaType) ? OfIndex(manifest, bytes)
                : null;
        }
        catch (DocumentFormatException)
        {
            // The store keeps such bytes all the same.
            return null;
        }
    }

    private static Referrer? OfManifest(Descriptor manifest, ReadOnlyMemory<byte> bytes)
    {
        ImageManifest image = OciDocument<ImageManifest>.Parse(bytes, manifest.MediaType).Value;
        return image.Subject is null ? null : new Referrer(image.Subject.Digest, manifest with
        {
            ArtifactType = string.IsNullOrEmpty(image.ArtifactType) ? image.Config.MediaType : image.ArtifactType,
            Annotations = image.Annotations,
        });
    }

    private static Referrer? OfIndex(Descriptor manifest, ReadOnlyMemory<byte> bytes)
    {
        ImageIndex index = OciDocument<ImageIndex>.Parse(bytes, manifest.MediaType).Value;
        return index.Subject is null ? null : new Referrer(index.Subject.Digest, manifest with
        {
            ArtifactType = index.ArtifactType,
            Annotations = index.Annotations,
        });
    }
}
