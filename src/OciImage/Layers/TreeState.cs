namespace OciImage.Layers;

/// <summary>Knows every directory of the tree that is being made: its metadata, which is written at the end, and its depth.</summary>
/// <remarks>Links can lead deeper than any name says, so the depth is counted where directories are made.</remarks>
internal sealed class TreeState(ulong root, int maxDepth)
{
    private readonly Dictionary<ulong, (NodeMetadata Metadata, int Depth)> _directories =
        new() { [root] = (NodeMetadata.ImpliedDirectory, 0) };

    public AppliedEntries Applied { get; } = new();

    public HashSet<ulong> Opaque { get; } = [];

    public void AddImplied(ulong parent, ulong inode) => Set(parent, inode, NodeMetadata.ImpliedDirectory);

    public void Set(ulong parent, ulong inode, NodeMetadata metadata)
    {
        int depth = _directories.TryGetValue(parent, out var state) ? state.Depth + 1 : 1;
        if (depth > maxDepth)
        {
            throw new LayerException(LayerErrorKind.LimitExceeded, $"A directory stands more than {maxDepth} directories deep.");
        }

        _directories[inode] = (metadata, depth);
    }

    public void SetRoot(NodeMetadata metadata) => _directories[root] = (metadata, 0);

    public void ResetToImplied(ulong inode) =>
        _directories[inode] = (NodeMetadata.ImpliedDirectory, _directories.GetValueOrDefault(inode).Depth);

    public NodeMetadata? Find(ulong inode) =>
        _directories.TryGetValue(inode, out var state) ? state.Metadata : null;

    /// <summary>Forgets a directory that is gone, since its inode may come back as another.</summary>
    public void Forget(ulong inode)
    {
        _directories.Remove(inode);
        Applied.Forget(inode);
        Opaque.Remove(inode);
    }
}
