using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Walks two trees in step and finds what a layer must have to make one of the other.</summary>
/// <remarks>
/// <code>
/// a directory of both, in the order of names
///   only below, or a socket now      a whiteout, before all else of the directory
///   a directory now                  goes in where it differs, or something below it does; then what it has
///   anything else now                goes in where it differs; with several names, when all of them have been seen
/// </code>
/// What is unchanged is not kept, so memory grows with the differences and the widest directories.
/// </remarks>
internal sealed class TreeComparison(ILowerTree lower, DirectoryWalk upper, ContentComparison content)
{
    private readonly List<TreeChange> _changes = [];
    private readonly HardLinkComparison _links = new();
    private readonly Dictionary<((ulong, ulong), (ulong, ulong)), bool> _compared = [];

    /// <summary>Returns what goes into the layer, in the layer's order.</summary>
    public async ValueTask<IReadOnlyList<TreeChange>> RunAsync(CancellationToken cancellationToken)
    {
        var levels = new Stack<Level>();
        levels.Push(Open(Include(null, [], upper.Root, lower.Root), lower.Root is not null));
        while (levels.TryPeek(out Level? level))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!level.Pairs.TryDequeue(out (TreeNode Now, TreeNode? Before) pair))
            {
                levels.Pop();
                Leave(level, isRoot: levels.Count == 0);
            }
            else if (pair.Now.Type == TarEntryType.Directory)
            {
                levels.Push(Enter(level, pair.Now, pair.Before));
            }
            else
            {
                await CompareAsync(level, pair.Now, pair.Before, cancellationToken).ConfigureAwait(false);
            }
        }

        _links.Finish();
        foreach (TreeChange change in _changes.Where(change => change.IsIncluded))
        {
            change.IncludeParents();
        }

        return [.. _changes.Where(change => change.IsIncluded)];
    }

    private Level Enter(Level level, TreeNode now, TreeNode? before)
    {
        TreeChange directory = Include(level.Directory, LayerTree.Join(level.Directory.Path, now.Name), now, before);
        upper.Enter(now.Name);
        bool inBoth = before is { Type: TarEntryType.Directory };
        if (inBoth)
        {
            lower.Enter(before!);
        }

        return Open(directory, inBoth);
    }

    private void Leave(Level level, bool isRoot)
    {
        if (_changes[^1] == level.Directory && !level.Directory.IsIncluded)
        {
            _changes.RemoveAt(_changes.Count - 1);
        }

        if (isRoot)
        {
            return;
        }

        upper.Leave();
        if (level.IsInBoth)
        {
            lower.Leave();
        }
    }

    // The directory is on the list for the sake of what may differ below it.
    private TreeChange Include(TreeChange? parent, byte[] path, TreeNode now, TreeNode? before)
    {
        var change = new TreeChange(parent, path, now)
        {
            IsIncluded = before is not { Type: TarEntryType.Directory } || !IsSame(now, before),
        };
        _changes.Add(change);

        return change;
    }

    private Level Open(TreeChange directory, bool inBoth)
    {
        List<TreeNode> present = upper.List();
        IReadOnlyList<TreeNode> past = inBoth ? lower.List() : [];
        var pairs = new Queue<(TreeNode, TreeNode?)>(present.Count);
        int i = 0;
        foreach (TreeNode now in present)
        {
            LayerTree.ThrowIfWhiteout(LayerTree.Join(directory.Path, now.Name));
            while (i < past.Count && past[i].Name.AsSpan().SequenceCompareTo(now.Name) < 0)
            {
                AddWhiteout(directory, past[i++]);
            }

            bool isInBoth = i < past.Count && past[i].Name.AsSpan().SequenceEqual(now.Name);
            pairs.Enqueue((now, isInBoth ? past[i++] : null));
        }

        while (i < past.Count)
        {
            AddWhiteout(directory, past[i++]);
        }

        return new Level(directory, pairs, inBoth);
    }

    private void AddWhiteout(TreeChange directory, TreeNode gone)
    {
        byte[] path = LayerTree.Join(directory.Path, gone.Name);
        LayerTree.ThrowIfWhiteout(path);
        _changes.Add(new TreeChange(directory, path, null) { IsIncluded = true });
    }

    private async ValueTask CompareAsync(Level level, TreeNode now, TreeNode? before, CancellationToken cancellationToken)
    {
        bool isSame = before is not null && IsSame(now, before) &&
            await HasSameContentAsync(now, before, cancellationToken).ConfigureAwait(false);
        bool hasLinks = now.MayHaveMoreNames || before is { MayHaveMoreNames: true };
        if (isSame && !hasLinks)
        {
            return;
        }

        var change = new TreeChange(level.Directory, LayerTree.Join(level.Directory.Path, now.Name), now)
        {
            IsIncluded = !isSame,
        };
        _changes.Add(change);
        if (hasLinks)
        {
            _links.Add(now, isSame ? before : null, change);
        }
    }

    private bool IsSame(TreeNode now, TreeNode before) =>
        now.Type == before.Type && now.Mode == before.Mode && now.Uid == before.Uid && now.Gid == before.Gid &&
        now.Size == before.Size && now.ModifiedTime == before.ModifiedTime &&
        now.DeviceMajor == before.DeviceMajor && now.DeviceMinor == before.DeviceMinor &&
        now.LinkName.AsSpan().SequenceEqual(before.LinkName) && lower.HasXattrs(before, now);

    private async ValueTask<bool> HasSameContentAsync(TreeNode now, TreeNode before, CancellationToken cancellationToken)
    {
        bool isCompared = content == ContentComparison.Always ||
            (content == ContentComparison.Automatic && now.ModifiedTime.Nanoseconds == 0);
        if (now.Type != TarEntryType.RegularFile || now.Size == 0 || !isCompared)
        {
            return true;
        }

        if (_compared.TryGetValue((now.Identity, before.Identity), out bool isSame))
        {
            return isSame;
        }

        isSame = await lower.HasContentAsync(before, now, () => upper.Open(now), cancellationToken).ConfigureAwait(false);
        if (now.MayHaveMoreNames)
        {
            _compared.Add((now.Identity, before.Identity), isSame);
        }

        return isSame;
    }

    private sealed record Level(TreeChange Directory, Queue<(TreeNode Now, TreeNode? Before)> Pairs, bool IsInBoth);
}
