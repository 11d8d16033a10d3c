using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary>Reads what is below an image, documents only.</summary>
internal static class ContentTree
{
    private const int MaxDepth = 16;

    public static Task<ContentNode> ReadAsync(
        IContentFetcher source, Descriptor root, CancellationToken cancellationToken) =>
        ReadAsync(source, root, 0, cancellationToken);

    public static ContentNode ToNode(Descriptor descriptor, IReadOnlyList<ContentNode>? children = null) => new(
        descriptor.Digest.ToString(),
        descriptor.MediaType,
        descriptor.Size,
        descriptor.ArtifactType,
        descriptor.Platform?.ToString(),
        descriptor.Annotations.Count == 0 ? null : descriptor.Annotations,
        children);

    private static async Task<ContentNode> ReadAsync(
        IContentFetcher source, Descriptor descriptor, int depth, CancellationToken cancellationToken)
    {
        if (depth > MaxDepth)
        {
            throw new DocumentFormatException(
                $"The index is nested more than {MaxDepth} times at '{descriptor.Digest}'.");
        }

        try
        {
            var children = new List<ContentNode>();
            if (MediaTypes.IsIndex(descriptor.MediaType))
            {
                OciDocument<ImageIndex> index = await Documents.ReadAsync<ImageIndex>(source, descriptor, cancellationToken);
                foreach (Descriptor child in index.Value.Manifests)
                {
                    children.Add(await ReadAsync(source, child, depth + 1, cancellationToken));
                }

                return ToNode(descriptor, children);
            }

            if (!MediaTypes.IsManifest(descriptor.MediaType))
            {
                return ToNode(descriptor);
            }

            OciDocument<ImageManifest> manifest = await Documents.ReadAsync<ImageManifest>(
                source, descriptor, cancellationToken);
            children.Add(ToNode(manifest.Value.Config));
            children.AddRange(manifest.Value.Layers.Select(layer => ToNode(layer)));

            return ToNode(descriptor, children);
        }
        catch (ContentNotFoundException) when (depth > 0)
        {
            // A sparse copy of an index has not all it names; the node stays without what is below it.
            return ToNode(descriptor);
        }
    }
}
