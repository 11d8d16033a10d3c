using OciImage.Content;

namespace OciImage.Layout;

/// <content>What is known of the layers, in a file for each user below <c>.ociimage</c>.</content>
public sealed partial class OciLayout : ILayerKnowledge
{
    private LayerKnowledgeFile Knowledge => field ??=
        LayerKnowledgeFile.InDirectory(_paths.Ingest);

    /// <inheritdoc/>
    /// <remarks>Only what this user wrote counts, and a file that others can write counts for nothing.</remarks>
    public ValueTask<IReadOnlyList<KnownLayer>> FindLayersAsync(Digest diffId, CancellationToken cancellationToken = default) =>
        Knowledge.FindLayersAsync(diffId, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Nothing is written into a layout that nobody has written to by this library.</remarks>
    public ValueTask RememberLayerAsync(KnownLayer layer, CancellationToken cancellationToken = default) =>
        LayoutPaths.IsPlainDirectory(_paths.Ingest) ? Knowledge.RememberLayerAsync(layer, cancellationToken) : default;
}
