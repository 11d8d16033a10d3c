namespace OciImage.Layers;

/// <summary>Decides for files with several names which of them are in the layer: all of a file's names or none.</summary>
/// <remarks>
/// A file of the upper tree is unchanged where each of its names is, and all of them belonged to one file of the lower tree
/// that no other file is the rest of. Everything else has to be made anew, and a link to it must find it in the same layer.
/// </remarks>
internal sealed class HardLinkComparison
{
    private readonly Dictionary<(ulong, ulong), Group> _groups = [];
    private readonly List<Group> _inOrder = [];

    /// <summary>Adds a name, in the order of the paths.</summary>
    /// <param name="upper">What is there now.</param>
    /// <param name="lower">What was there, or <see langword="null"/> where it differs apart from its other names.</param>
    /// <param name="change">What becomes part of the layer, should it be.</param>
    public void Add(TreeNode upper, TreeNode? lower, TreeChange change)
    {
        if (!_groups.TryGetValue(upper.Identity, out Group? group))
        {
            group = new Group(lower?.Identity);
            _groups.Add(upper.Identity, group);
            _inOrder.Add(group);
        }

        group.Names.Add(change);
        if (lower is null || group.Lower != lower.Identity)
        {
            group.IsChanged = true;
        }
    }

    /// <summary>Includes the names of all files that changed.</summary>
    public void Finish()
    {
        var kept = new HashSet<(ulong, ulong)>();
        foreach (Group group in _inOrder)
        {
            // A link that was broken: the file stays with the names that come first.
            if (group.IsChanged || !kept.Add(group.Lower!.Value))
            {
                group.Names.ForEach(name => name.IsIncluded = true);
            }
        }
    }

    private sealed class Group((ulong, ulong)? lower)
    {
        public List<TreeChange> Names { get; } = [];

        public (ulong, ulong)? Lower { get; } = lower;

        public bool IsChanged { get; set; }
    }
}
