namespace OciImage.Layers;

/// <summary>Remembers what the current layer has made, so that its whiteouts remove only what is below it.</summary>
/// <remarks>A place is the inode of its directory and a name: two paths through links to one place are one.</remarks>
internal sealed class AppliedEntries
{
    private readonly Dictionary<ulong, HashSet<ByteString>> _directories = [];

    public void Clear() => _directories.Clear();

    /// <summary>Adds a place; returns whether the layer had not made it before.</summary>
    public bool Add(ulong directory, byte[] name)
    {
        if (!_directories.TryGetValue(directory, out HashSet<ByteString>? names))
        {
            names = [];
            _directories.Add(directory, names);
        }

        return names.Add(new ByteString(name));
    }

    public bool Contains(ulong directory, byte[] name) =>
        _directories.TryGetValue(directory, out HashSet<ByteString>? names) && names.Contains(new ByteString(name));

    /// <summary>Tells whether the layer made anything directly in a directory.</summary>
    public bool HasAny(ulong directory) => _directories.ContainsKey(directory);

    /// <summary>Forgets a directory that is gone, since its inode may come back as another.</summary>
    public void Forget(ulong directory) => _directories.Remove(directory);
}
