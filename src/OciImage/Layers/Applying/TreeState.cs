using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Knows every directory of the tree that is being made: its metadata, which is written at the end, and its depth.</summary>
/// <remarks>Links can lead deeper than any name says, so the depth is counted where directories are made.</remarks>
internal sealed class TreeState(ulong root, int maxDepth)
{
    // The attributes of directories wait in memory until the end; what they may weigh is bounded, whatever a layer holds.
    private const long MaxWaitingBytes = 256L * 1024 * 1024;

    private readonly Dictionary<ulong, (NodeMetadata Metadata, int Depth)> _directories =
        new() { [root] = (NodeMetadata.ImpliedDirectory, 0) };

    private long _waitingBytes;

    public AppliedEntries Applied { get; } = new();

    /// <summary>Gets the directories that hold nothing of lower layers, here or below.</summary>
    public HashSet<ulong> Clean { get; } = [];

    /// <summary>Adds a directory that was just made.</summary>
    public void AddMade(ulong parent, ulong inode, NodeMetadata metadata)
    {
        Set(parent, inode, metadata);
        Clean.Add(inode);
    }

    public void AddImplied(ulong parent, ulong inode) => AddMade(parent, inode, NodeMetadata.ImpliedDirectory);

    public void Set(ulong parent, ulong inode, NodeMetadata metadata)
    {
        int depth = _directories.TryGetValue(parent, out var state) ? state.Depth + 1 : 1;
        if (depth > maxDepth)
        {
            throw new LayerException(LayerErrorKind.LimitExceeded, $"A directory stands more than {maxDepth} directories deep.");
        }

        _directories[inode] = (Detach(metadata), depth);
    }

    public void SetRoot(NodeMetadata metadata) => _directories[root] = (Detach(metadata), 0);

    public void ResetToImplied(ulong inode) =>
        _directories[inode] = (NodeMetadata.ImpliedDirectory, _directories.GetValueOrDefault(inode).Depth);

    public NodeMetadata? Find(ulong inode) =>
        _directories.TryGetValue(inode, out var state) ? state.Metadata : null;

    /// <summary>Forgets a directory that is gone, since its inode may come back as another.</summary>
    public void Forget(ulong inode)
    {
        _directories.Remove(inode);
        Applied.Forget(inode);
        Clean.Remove(inode);
    }

    // What an entry holds may be a small part of a large buffer.
    private NodeMetadata Detach(NodeMetadata metadata)
    {
        if (metadata.Xattrs.Count == 0)
        {
            return metadata;
        }

        TarXattr[] xattrs = [.. metadata.Xattrs.Select(xattr => new TarXattr(xattr.Name.ToArray(), xattr.Value.ToArray()))];
        _waitingBytes += xattrs.Sum(xattr => (long)xattr.Name.Length + xattr.Value.Length);
        return _waitingBytes <= MaxWaitingBytes
            ? metadata with { Xattrs = xattrs }
            : throw new LayerException(
                LayerErrorKind.LimitExceeded, $"Directories have more than {MaxWaitingBytes} bytes of extended attributes.");
    }
}
