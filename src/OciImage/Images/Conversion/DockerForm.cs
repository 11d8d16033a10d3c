namespace OciImage.Images;

/// <summary>Knows what Docker's schema 2 has no room for (distribution, docs/spec/manifest-v2-2).</summary>
internal static class DockerForm
{
    /// <summary>Tells whether Docker's manifest may have a layer of that media type. Its zstd type is one that few tools write and fewer read.</summary>
    public static bool HasLayer(string mediaType) => mediaType is
        MediaTypes.DockerLayer or MediaTypes.DockerLayerGzip or
        MediaTypes.DockerForeignLayer or MediaTypes.DockerForeignLayerGzip;

    /// <summary>Names what a manifest loses.</summary>
    public static IEnumerable<string> LossesOf(ImageManifest manifest, IReadOnlyList<PlannedLayer> layers)
    {
        IEnumerable<string> losses = Of(
            manifest.Annotations.Count > 0, manifest.Subject is not null, manifest.ArtifactType, manifest.Unknown);
        bool annotated = manifest.Config.Annotations.Count > 0 || layers.Any(layer => layer.Original.Annotations.Keys
            .Any(key => layer.Job is null || !CompressedAnnotations.IsOne(key)));
        bool unknown = manifest.Config.Unknown is { Count: > 0 } || layers.Any(layer => layer.Original.Unknown is { Count: > 0 });

        return [.. losses, .. annotated ? ["annotations of layers"] : Array.Empty<string>(), .. unknown ? ["unknown fields of layers"] : Array.Empty<string>()];
    }

    /// <summary>Names what an index loses.</summary>
    public static IEnumerable<string> LossesOf(ImageIndex index, IEnumerable<PlannedEntry> entries)
    {
        IEnumerable<string> losses = Of(
            index.Annotations.Count > 0, index.Subject is not null, index.ArtifactType, index.Unknown);
        Descriptor[] kept = [.. entries.Where(entry => !entry.IsLeftOut).Select(entry => entry.Original)];
        bool annotated = kept.Any(entry => entry.Annotations.Count > 0);
        bool unknown = kept.Any(entry => entry.Unknown is { Count: > 0 } || !string.IsNullOrEmpty(entry.ArtifactType));

        return [.. losses, .. annotated ? ["annotations of entries"] : Array.Empty<string>(), .. unknown ? ["other fields of entries"] : Array.Empty<string>()];
    }

    /// <summary>Returns a descriptor with nothing but what Docker's has.</summary>
    public static Descriptor Strip(Descriptor descriptor) => new()
    {
        MediaType = descriptor.MediaType,
        Digest = descriptor.Digest,
        Size = descriptor.Size,
        Urls = descriptor.Urls,
        Platform = descriptor.Platform,
    };

    private static IEnumerable<string> Of<T>(
        bool annotations, bool subject, string? artifactType, Dictionary<string, T>? unknown)
    {
        if (annotations)
        {
            yield return "annotations";
        }

        if (subject)
        {
            yield return "a subject";
        }

        if (!string.IsNullOrEmpty(artifactType))
        {
            yield return "an artifact type";
        }

        if (unknown is { Count: > 0 })
        {
            yield return "unknown fields";
        }
    }
}
