using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Images;

/// <summary>Decides what becomes of a manifest, its configuration and its layers.</summary>
internal sealed class ManifestPlanner(
    ConversionOptions options, LossList losses, Func<Descriptor, CancellationToken, Task<ReadOnlyMemory<byte>>> read)
{

    public async Task<PlannedDocument> PlanAsync(
        Descriptor descriptor, OciDocument<ImageManifest> document, CancellationToken cancellationToken)
    {
        ImageManifest manifest = document.Value;
        var planned = new PlannedManifest(descriptor, document)
        {
            MediaType = options.Format switch
            {
                ImageFormat.Oci => MediaTypes.ImageManifest,
                ImageFormat.Docker => MediaTypes.DockerManifest,
                _ => descriptor.MediaType,
            },
            Layers = [.. manifest.Layers.Select(layer => new PlannedLayer(layer, layer.MediaType, null))],
        };
        if (!ImageShape.HasLayersOfImage(manifest))
        {
            PlanArtifact(planned);
            return planned;
        }

        bool isRewritten = planned.MediaType != descriptor.MediaType ||
            ConfigType(manifest.Config, options.Format) != manifest.Config.MediaType ||
            manifest.Layers.Any(layer => Translate(layer) != layer.MediaType || IsCompressedAnew(layer));
        if (!isRewritten)
        {
            return planned;
        }

        planned.ConfigBytes = await read(manifest.Config, cancellationToken).ConfigureAwait(false);
        ImageConfig config = OciDocument<ImageConfig>
            .Parse(planned.ConfigBytes.Value, manifest.Config.MediaType, options.Copy.Documents).Value;
        planned.Platform = config.GetPlatform();
        planned.Layers = await PlanLayersAsync(
            ImageShape.PairLayers(document, config), planned, cancellationToken).ConfigureAwait(false);
        planned.IsChanged = planned.MediaType != descriptor.MediaType ||
            ConfigType(manifest.Config, options.Format) != manifest.Config.MediaType ||
            planned.Layers.Any(layer => layer.Job is not null || layer.MediaType != layer.Original.MediaType);
        if (planned.BecomesDocker && DockerForm.LossesOf(manifest, planned.Layers).ToArray() is { Length: > 0 } lost)
        {
            losses.Add(descriptor, $"Manifest '{descriptor.Digest}' has {string.Join(", ", lost)}, which Docker's format cannot say.");
        }

        return planned;
    }

    /// <summary>Returns the media type of a configuration in a format; what is no image's has one everywhere.</summary>
    public static string ConfigType(Descriptor config, ImageFormat? format) => format switch
    {
        ImageFormat.Oci when config.MediaType == MediaTypes.DockerConfig => MediaTypes.ImageConfig,
        ImageFormat.Docker when config.MediaType == MediaTypes.ImageConfig => MediaTypes.DockerConfig,
        _ => config.MediaType,
    };

    private static void PlanArtifact(PlannedManifest planned)
    {
        if (planned.BecomesDocker)
        {
            planned.MediaType = planned.Original.MediaType;
            planned.NoDockerForm =
                $"'{planned.Original.Digest}' is an artifact, and no image: its configuration has the media type " +
                $"'{Excerpt.Of(planned.Manifest.Config.MediaType)}'" +
                (planned.Manifest.Layers is [var first, ..] ? $", its content '{Excerpt.Of(first.MediaType)}'" : "") +
                ". Docker's format has images only.";
        }

        planned.IsChanged = planned.MediaType != planned.Original.MediaType;
    }

    private async Task<IReadOnlyList<PlannedLayer>> PlanLayersAsync(
        IReadOnlyList<LayerToApply> layers, PlannedManifest planned, CancellationToken cancellationToken)
    {
        var result = new List<PlannedLayer>(layers.Count);
        foreach ((Descriptor layer, Digest diffId) in layers.Select(layer => (layer.Descriptor, layer.DiffId)))
        {
            LayerJob? job = IsCompressedAnew(layer)
                ? await FindJobAsync(layer, diffId, cancellationToken).ConfigureAwait(false)
                : null;
            string mediaType = job is null ? Translate(layer) : LayerMediaType.Of(job.Format, IsDockers(layer));
            bool isDockers = planned.BecomesDocker || mediaType != layer.MediaType;
            if (isDockers && MediaTypes.IsDocker(planned.MediaType) && !DockerForm.HasLayer(mediaType))
            {
                throw new ConversionException(
                    planned.Original,
                    $"Layer '{layer.Digest}' of '{planned.Original.Digest}' would have the media type '{Excerpt.Of(mediaType)}', which " +
                    "Docker's format does not have. " + (MediaTypes.IsLayer(mediaType) && !MediaTypes.IsNonDistributable(mediaType)
                        ? "With gzip, or in OCI's format, it can be said."
                        : "Only OCI's does."));
            }

            result.Add(new PlannedLayer(layer, mediaType, job));
        }

        return result;
    }

    // A layer that was made in just this way is not made again.
    private async ValueTask<LayerJob?> FindJobAsync(Descriptor layer, Digest diffId, CancellationToken cancellationToken)
    {
        CompressionFormat format = options.Compression!.Value;
        var job = new LayerJob(diffId, format, options.CompressionLevel ?? LayerCompression.DefaultLevel(format));
        if (LayerCompression.FromMediaType(layer.MediaType) != format || options.Knowledge is null)
        {
            return job;
        }

        IReadOnlyList<KnownLayer> known = await options.Knowledge.FindLayersAsync(diffId, cancellationToken).ConfigureAwait(false);
        return known.Any(form => form.Digest == layer.Digest && form.Recipe == job.Recipe) ? null : job;
    }

    private bool IsCompressedAnew(Descriptor layer) =>
        options.Compression is { } compression && MediaTypes.IsLayer(layer.MediaType) &&
        !MediaTypes.IsNonDistributable(layer.MediaType) &&
        (LayerCompression.FromMediaType(layer.MediaType) != compression || (options.ForceCompression && compression != CompressionFormat.None));

    private bool IsDockers(Descriptor layer) =>
        options.Format is { } format ? format == ImageFormat.Docker : MediaTypes.IsDocker(layer.MediaType);

    private string Translate(Descriptor layer) =>
        options.Format is { } format ? LayerMediaType.In(layer, format == ImageFormat.Docker).MediaType : layer.MediaType;
}
