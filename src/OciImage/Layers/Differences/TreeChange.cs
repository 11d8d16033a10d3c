using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>A path that may stand in the layer: something that differs, a directory above it, or a whiteout.</summary>
/// <param name="parent">The directory that it stands in, or <see langword="null"/> for the root.</param>
/// <param name="path">The path; of what is removed where there is no node.</param>
/// <param name="node">What is there in the upper tree, or <see langword="null"/> where it was removed.</param>
internal sealed class TreeChange(TreeChange? parent, byte[] path, TreeNode? node)
{
    private bool _hasParents;

    public byte[] Path => path;

    /// <summary>Gets or sets whether it goes into the layer.</summary>
    public bool IsIncluded { get; set; }

    /// <summary>Includes the directories above it. The root is not needed: every tree has one.</summary>
    public void IncludeParents()
    {
        for (TreeChange? change = this; change is { _hasParents: false }; change = change.Above)
        {
            change._hasParents = true;
            if (change.Above is { Path.Length: > 0 } above)
            {
                above.IsIncluded = true;
            }
        }
    }

    public SourceNode ToSourceNode(OpenTree files, LayerOutputOptions options)
    {
        byte[] directory = parent?.Path ?? [];
        if (node is null)
        {
            byte[] name = path[(directory.Length == 0 ? 0 : directory.Length + 1)..];
            return new SourceNode(new TarEntry
            {
                Type = TarEntryType.RegularFile,
                Name = LayerTree.Join(directory, [.. Whiteout.Prefix, .. name]),
            });
        }

        return new SourceNode(
            node.ToEntry(path.Length == 0 ? "."u8.ToArray() : path, options),
            node.Type == TarEntryType.RegularFile ? () => files.Open(directory, node) : null,
            node.MayHaveMoreNames ? node.Identity : null);
    }

    private TreeChange? Above => parent;
}
