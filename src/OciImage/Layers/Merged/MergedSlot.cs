namespace OciImage.Layers;

/// <summary>A name in a directory of a merged tree.</summary>
/// <param name="node">What has the name.</param>
/// <param name="since">The layer that made it.</param>
/// <param name="applied">The last layer that has an entry for it, or -1 for a directory that only had to be there.</param>
internal sealed class MergedSlot(MergedNode node, int since, int applied)
{
    public MergedNode Node { get; } = node;

    public int Since { get; } = since;

    public int Applied { get; set; } = applied;
}
