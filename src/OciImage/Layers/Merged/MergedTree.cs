using System.Text;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>The tree that layers leave behind, in memory: names are resolved in the root, whiteouts remove what is below.</summary>
/// <remarks>It follows the same rules as <see cref="LayerApplier"/>, entry by entry; both pass the same table of cases.</remarks>
internal sealed class MergedTree
{
    private const int MaxLinkTarget = 4095;

    // What names, targets and attributes may weigh in memory, whatever they cost a layer that compresses well.
    private const long MaxHeldBytes = 512L * 1024 * 1024;

    private readonly int _maxDepth;
    private readonly LayerRemarks _remarks;
    private readonly IMergeListener? _listener;
    private readonly MergedResolver _resolver;
    private long _heldBytes;
    private int _rootAppliedIn = -1;

    public MergedTree(int maxDepth, LayerRemarks remarks, IMergeListener? listener = null)
    {
        _maxDepth = maxDepth;
        _remarks = remarks;
        _listener = listener;
        Root = new MergedDirectory(NodeMetadata.ImpliedDirectory, null, [], layer: -1);
        _resolver = new MergedResolver(Root, MakeImplied);
    }

    public MergedDirectory Root { get; }

    /// <summary>Gets the number of the layer that is applied, from 0.</summary>
    public int Layer { get; private set; } = -1;

    public void BeginLayer() => Layer++;

    /// <summary>Applies an entry.</summary>
    /// <exception cref="LayerException">The entry is malformed or unsafe, stands too deep, or there is too much to hold.</exception>
    public MergeResult Apply(TarEntry entry, EntryPath path, EntryPath linkTarget)
    {
        _heldBytes += entry.Name.Length + entry.LinkName.Length +
            entry.Xattrs.Sum(xattr => (long)xattr.Name.Length + xattr.Value.Length);
        if (_heldBytes > MaxHeldBytes)
        {
            throw new LayerException(
                LayerErrorKind.LimitExceeded,
                $"The names, link targets and attributes of the layers have more than {MaxHeldBytes} bytes.",
                entry.DisplayName);
        }

        if (path.IsRoot)
        {
            Root.Metadata = entry.Type == TarEntryType.Directory
                ? NodeMetadata.Of(entry)
                : throw Refuse(entry, "the root can only be a directory");
            NoteWhere(_rootAppliedIn == Layer, entry);
            _rootAppliedIn = Layer;
            return new MergeResult(null, [], Root);
        }

        if (Whiteout.IsUnderBookkeeping(path.Parent))
        {
            return MergeResult.Nothing;
        }

        switch (Whiteout.Classify(path.Name, out byte[] hidden))
        {
            case WhiteoutKind.Explicit:
                if (_resolver.Find(path.Parent) is { } withHidden)
                {
                    Hide(withHidden, hidden);
                }

                return MergeResult.Nothing;
            case WhiteoutKind.Opaque:
                if (_resolver.Find(path.Parent) is { } opaque && opaque.CleanIn != Layer)
                {
                    Clean(opaque);
                    _listener?.Cleaned(opaque);
                }

                return MergeResult.Nothing;
            case WhiteoutKind.None:
                return Make(entry, _resolver.FindOrMake(path.Parent, Remove), path.Name, linkTarget);
            default:
                return MergeResult.Nothing;
        }
    }

    private void NoteWhere(bool isDuplicate, TarEntry entry)
    {
        if (isDuplicate)
        {
            _remarks.Add(
                LayerRemarkKind.Duplicate,
                entry.DisplayName,
                $"'{Excerpt.Of(entry.DisplayName)}' occurs more than once in a layer; the last one counts.");
        }
    }

    private MergeResult Make(TarEntry entry, MergedDirectory parent, byte[] name, EntryPath linkTarget)
    {
        MergedSlot? existing = parent.Find(name);
        NoteWhere(existing?.Applied == Layer, entry);
        return entry.Type switch
        {
            TarEntryType.Directory => MakeDirectory(entry, parent, name, existing),
            TarEntryType.HardLink => MakeHardLink(entry, parent, name, linkTarget, existing),
            _ => MakeOther(entry, parent, name),
        };
    }

    private MergeResult MakeDirectory(TarEntry entry, MergedDirectory parent, byte[] name, MergedSlot? existing)
    {
        if (existing?.Node is MergedDirectory directory)
        {
            existing.Applied = Layer;
            directory.Metadata = NodeMetadata.Of(entry);
            return new MergeResult(parent, name, directory);
        }

        Remove(parent, name);
        return new MergeResult(parent, name, AddDirectory(parent, name, NodeMetadata.Of(entry), Layer));
    }

    private MergeResult MakeHardLink(
        TarEntry entry, MergedDirectory parent, byte[] name, EntryPath target, MergedSlot? existing)
    {
        if (target.IsRoot)
        {
            throw Refuse(entry, "a hard link needs a file as its target");
        }

        MergedDirectory? targetParent = _resolver.Find(target.Parent);
        MergedSlot? slot = targetParent?.Find(target.Name);
        string shown = Excerpt.Of(Encoding.UTF8.GetString(entry.LinkName.Span));
        if (slot is null)
        {
            throw Refuse(entry, $"the target '{shown}' of the hard link is missing");
        }

        if (slot.Node is MergedDirectory)
        {
            throw Refuse(entry, $"the target '{shown}' of the hard link is a directory");
        }

        var link = new MergedLink(targetParent!, target.Name, slot.Since);
        if (slot == existing)
        {
            existing.Applied = Layer;
            _remarks.Add(
                LayerRemarkKind.Tolerated,
                entry.DisplayName,
                $"'{Excerpt.Of(entry.DisplayName)}' is a hard link to itself.");
            return MergeResult.Nothing;
        }

        Remove(parent, name);
        if (_resolver.Find(target.Parent)?.Find(target.Name) != slot)
        {
            throw Refuse(entry, $"the target '{shown}' of the hard link stands below the link itself");
        }

        slot.Node.WasLinked = true;
        parent.Set(name, new MergedSlot(slot.Node, Layer, Layer));
        return new MergeResult(parent, name, slot.Node, link);
    }

    private MergeResult MakeOther(TarEntry entry, MergedDirectory parent, byte[] name)
    {
        ReadOnlySpan<byte> target = entry.LinkName.Span;
        bool isLink = entry.Type == TarEntryType.SymbolicLink;
        if (isLink && (target.IsEmpty || target.Length > MaxLinkTarget || target.Contains((byte)0)))
        {
            throw Refuse(entry, $"the target of a symbolic link has 1 to {MaxLinkTarget} bytes without NUL");
        }

        Remove(parent, name);
        var node = new MergedNode(entry.Type, NodeMetadata.Of(entry))
        {
            LinkTarget = isLink ? target.ToArray() : [],
            DeviceMajor = entry.DeviceMajor,
            DeviceMinor = entry.DeviceMinor,
        };
        parent.Set(name, new MergedSlot(node, Layer, Layer));

        return new MergeResult(parent, name, node);
    }

    private MergedDirectory MakeImplied(MergedDirectory parent, byte[] name) =>
        AddDirectory(parent, name, NodeMetadata.ImpliedDirectory, applied: -1);

    private MergedDirectory AddDirectory(MergedDirectory parent, byte[] name, NodeMetadata metadata, int applied)
    {
        var directory = new MergedDirectory(metadata, parent, name, Layer);
        if (directory.Depth > _maxDepth)
        {
            throw new LayerException(LayerErrorKind.LimitExceeded, $"A directory stands more than {_maxDepth} directories deep.");
        }

        parent.Set(name, new MergedSlot(directory, Layer, applied));
        return directory;
    }

    private void Remove(MergedDirectory parent, byte[] name)
    {
        if (parent.Find(name) is { } slot)
        {
            parent.Remove(name);
            _listener?.Removed(parent, name, slot);
        }
    }

    // A name of lower layers goes; what the current layer has made stays, whichever came first.
    private void Hide(MergedDirectory parent, byte[] name)
    {
        if (parent.CleanIn == Layer || parent.Find(name) is not { } slot)
        {
            return;
        }

        if (slot.Node is not MergedDirectory directory)
        {
            if (slot.Applied != Layer)
            {
                Remove(parent, name);
            }

            return;
        }

        bool wasClean = directory.CleanIn == Layer;
        if (!wasClean)
        {
            Clean(directory);
        }

        if (!RemoveEmptied(parent, name, slot) && !wasClean)
        {
            _listener?.Cleaned(directory);
        }
    }

    private void Clean(MergedDirectory top)
    {
        var pending = new Stack<(MergedDirectory Directory, Queue<byte[]> Left)>();
        pending.Push((top, CleanFiles(top)));
        while (pending.TryPeek(out (MergedDirectory Directory, Queue<byte[]> Left) current))
        {
            if (current.Left.TryDequeue(out byte[]? name))
            {
                var below = (MergedDirectory)current.Directory.Find(name)!.Node;
                if (below.CleanIn == Layer)
                {
                    RemoveEmptied(current.Directory, name, current.Directory.Find(name)!);
                    continue;
                }

                pending.Push((below, CleanFiles(below)));
                continue;
            }

            pending.Pop();
            current.Directory.CleanIn = Layer;
            if (current.Directory != top)
            {
                MergedDirectory parent = current.Directory.Parent!;
                RemoveEmptied(parent, current.Directory.Name, parent.Find(current.Directory.Name)!);
            }
        }
    }

    // Returns the directories, which are to be walked.
    private Queue<byte[]> CleanFiles(MergedDirectory directory)
    {
        var directories = new Queue<byte[]>();
        var files = new List<byte[]>();
        foreach ((ByteString name, MergedSlot slot) in directory.Slots)
        {
            if (slot.Node is MergedDirectory)
            {
                directories.Enqueue(name.Bytes);
            }
            else if (slot.Applied != Layer)
            {
                files.Add(name.Bytes);
            }
        }

        files.ForEach(name => Remove(directory, name));
        return directories;
    }

    private bool RemoveEmptied(MergedDirectory parent, byte[] name, MergedSlot slot)
    {
        if (slot.Applied == Layer)
        {
            return false;
        }

        if (slot.Node is MergedDirectory { Count: > 0 } directory)
        {
            // The layer put something into it, so there is a directory, but the lower layers' one is gone.
            directory.Metadata = NodeMetadata.ImpliedDirectory;
            return false;
        }

        Remove(parent, name);
        return true;
    }

    private static LayerException Refuse(TarEntry entry, string fault) => new(
        LayerErrorKind.Unsafe, $"The entry '{Excerpt.Of(entry.DisplayName)}' is refused: {fault}.", entry.DisplayName);
}
