using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary>Reads what an image says of itself.</summary>
internal static class ImageSummary
{
    public static async Task<InspectResult> ReadAsync(
        IContentFetcher source, Descriptor root, string place, CancellationToken cancellationToken)
    {
        if (MediaTypes.IsIndex(root.MediaType))
        {
            ImageIndex index = (await Documents.ReadAsync<ImageIndex>(source, root, cancellationToken)).Value;
            return Empty(root, place) with
            {
                ArtifactType = index.ArtifactType,
                Annotations = NullIfEmpty(index.Annotations),
                Manifests = [.. index.Manifests.Select(child => ContentTree.ToNode(child))],
            };
        }

        ImageManifest manifest = (await Documents.ReadAsync<ImageManifest>(source, root, cancellationToken)).Value;
        InspectResult summary = Empty(root, place) with
        {
            ArtifactType = manifest.ArtifactType ??
                (MediaTypes.IsImageConfig(manifest.Config.MediaType) ? null : manifest.Config.MediaType),
            Annotations = NullIfEmpty(manifest.Annotations),
            Layers = [.. manifest.Layers.Select(layer => ContentTree.ToNode(layer))],
        };
        if (!MediaTypes.IsImageConfig(manifest.Config.MediaType))
        {
            return summary;
        }

        ImageConfig config = (await Documents.ReadAsync<ImageConfig>(source, manifest.Config, cancellationToken)).Value;

        return summary with
        {
            Platform = config.GetPlatform().ToString(),
            Created = config.Created,
            Entrypoint = NullIfEmpty(config.Config?.Entrypoint),
            Command = NullIfEmpty(config.Config?.Cmd),
            Environment = NullIfEmpty(config.Config?.Env),
            User = config.Config?.User,
            WorkingDirectory = config.Config?.WorkingDir,
            Labels = NullIfEmpty(config.Config?.Labels),
        };
    }

    private static InspectResult Empty(Descriptor root, string place) => new(
        place, root.Digest.ToString(), root.MediaType, root.Size,
        null, null, null, null, null, null, null, null, null, null, null, null);

    private static IReadOnlyList<string>? NullIfEmpty(IReadOnlyList<string>? list) => list is { Count: > 0 } ? list : null;

    private static IReadOnlyDictionary<string, string>? NullIfEmpty(IReadOnlyDictionary<string, string>? map) =>
        map is { Count: > 0 } ? map : null;
}
