using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>The directory of one layer of an overlay, and which directories of the merged tree it has.</summary>
/// <remarks>Paths in it are those of the merged tree after all links were resolved, so none of its own links is ever followed.</remarks>
internal sealed class OverlayLayer(DirectoryHandle root, MergedDirectory mergedRoot) : IDisposable
{
    private readonly HashSet<MergedDirectory> _present = [mergedRoot];
    private DirectoryHandle? _last;
    private MergedDirectory? _lastDirectory;

    /// <summary>Gets the directories it has, the deepest first.</summary>
    public IEnumerable<MergedDirectory> DeepestFirst =>
        _present.OrderByDescending(directory => directory.Depth);

    public bool Has(MergedDirectory directory) => _present.Contains(directory);

    /// <summary>Opens a directory, which is made with those above it where it is missing; open until the next one is opened.</summary>
    public DirectoryHandle Open(MergedDirectory directory)
    {
        if (_last is not null && _lastDirectory == directory)
        {
            return _last;
        }

        var way = new Stack<MergedDirectory>();
        for (MergedDirectory? current = directory; current?.Parent is not null; current = current.Parent)
        {
            way.Push(current);
        }

        DirectoryHandle open = root.Duplicate();
        foreach (MergedDirectory next in way)
        {
            using DirectoryHandle above = open;
            if (_present.Add(next))
            {
                above.CreateDirectory(next.Name);
            }

            int error = above.TryOpenDirectory(next.Name, out DirectoryHandle? below);
            open = error == 0 ? below! : throw LinuxError.Of(error, "Opening", next.Name);
        }

        _last?.Dispose();
        (_last, _lastDirectory) = (open, directory);

        return open;
    }

    /// <summary>Removes a name that the merged tree has lost, with all below it.</summary>
    public void Remove(MergedDirectory parent, byte[] name, MergedNode node)
    {
        if (!_present.Contains(parent))
        {
            return;
        }

        TreeRemover.Remove(Open(parent), name);
        if (node is MergedDirectory directory)
        {
            Forget(directory);
        }
    }

    public void Dispose()
    {
        _last?.Dispose();
        root.Dispose();
    }

    private void Forget(MergedDirectory top)
    {
        var pending = new Stack<MergedDirectory>([top]);
        while (pending.TryPop(out MergedDirectory? directory))
        {
            // What it does not have, it has nothing below of.
            if (!_present.Remove(directory))
            {
                continue;
            }

            foreach ((_, MergedSlot slot) in directory.Slots)
            {
                if (slot.Node is MergedDirectory below)
                {
                    pending.Push(below);
                }
            }
        }

        (_last, _lastDirectory) = (null, Disposed(_last));
    }

    private static MergedDirectory? Disposed(DirectoryHandle? handle)
    {
        handle?.Dispose();
        return null;
    }
}
