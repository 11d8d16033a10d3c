using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>A directory of a merged tree.</summary>
internal sealed class MergedDirectory : MergedNode
{
    private Dictionary<ByteString, MergedSlot>? _slots;

    public MergedDirectory(NodeMetadata metadata, MergedDirectory? parent, byte[] name, int layer)
        : base(TarEntryType.Directory, metadata)
    {
        Parent = parent;
        Name = name;
        Depth = parent is null ? 0 : parent.Depth + 1;
        CleanIn = layer;
    }

    /// <summary>Gets the directory above, or <see langword="null"/> for the root.</summary>
    public MergedDirectory? Parent { get; }

    /// <summary>Gets the name in the directory above.</summary>
    public byte[] Name { get; }

    public int Depth { get; }

    /// <summary>Gets or sets the layer in which all is of that layer that stands here and below.</summary>
    public int CleanIn { get; set; }

    public int Count => _slots?.Count ?? 0;

    public IEnumerable<KeyValuePair<ByteString, MergedSlot>> Slots => _slots ?? [];

    public MergedSlot? Find(byte[] name) => _slots?.GetValueOrDefault(new ByteString(name));

    public void Set(byte[] name, MergedSlot slot) => (_slots ??= [])[new ByteString(name)] = slot;

    public void Remove(byte[] name) => _slots?.Remove(new ByteString(name));

    /// <summary>Returns the path from the root, without a slash at its ends.</summary>
    public byte[] GetPath()
    {
        int length = 0;
        for (MergedDirectory directory = this; directory.Parent is not null; directory = directory.Parent)
        {
            length += directory.Name.Length + 1;
        }

        byte[] path = new byte[Math.Max(0, length - 1)];
        int end = path.Length;
        for (MergedDirectory directory = this; directory.Parent is not null; directory = directory.Parent)
        {
            directory.Name.CopyTo(path, end - directory.Name.Length);
            end -= directory.Name.Length + 1;
            if (end > 0)
            {
                path[end] = (byte)'/';
            }
        }

        return path;
    }

    /// <summary>Returns the names in the order of their bytes.</summary>
    public List<KeyValuePair<ByteString, MergedSlot>> Sorted()
    {
        var slots = new List<KeyValuePair<ByteString, MergedSlot>>(Slots);
        slots.Sort((left, right) => left.Key.Bytes.AsSpan().SequenceCompareTo(right.Key.Bytes));

        return slots;
    }
}
