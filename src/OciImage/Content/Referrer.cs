using System.Diagnostics.CodeAnalysis;

namespace OciImage.Content;

/// <summary>Describes a manifest as a referrer of its subject (distribution-spec 1.1.1, "Listing Referrers").</summary>
internal static class Referrer
{
    /// <summary>Returns the descriptor for a list of referrers, when the manifest's subject is the one asked for.</summary>
    public static bool TryDescribe(
        Descriptor manifest, ReadOnlyMemory<byte> bytes, Digest subject, [NotNullWhen(true)] out Descriptor? referrer)
    {
        referrer = null;
        try
        {
            if (MediaTypes.IsManifest(manifest.MediaType))
            {
                ImageManifest image = OciDocument<ImageManifest>.Parse(bytes, manifest.MediaType).Value;
                if (image.Subject?.Digest == subject)
                {
                    referrer = manifest with
                    {
                        ArtifactType = image.ArtifactType ?? image.Config.MediaType,
                        Annotations = image.Annotations,
                    };
                }
            }
            else if (MediaTypes.IsIndex(manifest.MediaType))
            {
                ImageIndex index = OciDocument<ImageIndex>.Parse(bytes, manifest.MediaType).Value;
                if (index.Subject?.Digest == subject)
                {
                    referrer = manifest with { ArtifactType = index.ArtifactType, Annotations = index.Annotations };
                }
            }
        }
        catch (DocumentFormatException)
        {
            // What is no document refers to nothing; the store keeps its bytes all the same.
        }

        return referrer is not null;
    }
}
