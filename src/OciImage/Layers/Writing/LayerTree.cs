using System.Text;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Brings what goes into a layer into its order.</summary>
internal static class LayerTree
{
    private const int MaxDepth = 1024;

    /// <summary>Collects all nodes by their paths: parents before children, the same on every machine.</summary>
    public static SourceTree Collect(IReadOnlyList<LayerInput> inputs, LayerOutputOptions options)
    {
        var tree = new SourceTree();
        try
        {
            foreach (LayerInput input in inputs)
            {
                ArgumentNullException.ThrowIfNull(input);
                byte[] destination = Normalize(input.DestinationPath);
                AddParents(tree.Nodes, destination, options);
                AddInput(tree, input.SourcePath, destination, options);
            }

            return tree;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>Adds a node; a directory over a directory takes over the metadata, everything else replaces what is there.</summary>
    public static void Add(SortedDictionary<ByteString, SourceNode> nodes, byte[] path, SourceNode node)
    {
        ThrowIfWhiteout(path);
        var key = new ByteString(path);
        if (nodes.TryGetValue(key, out SourceNode? existing) &&
            (existing.Entry.Type == TarEntryType.Directory) != (node.Entry.Type == TarEntryType.Directory))
        {
            byte[] below = [.. path, (byte)'/'];
            foreach (ByteString other in nodes.Keys.Where(other => other.Bytes.AsSpan().StartsWith(below)).ToArray())
            {
                nodes.Remove(other);
            }
        }

        nodes[key] = node;
    }

    /// <summary>Refuses a path whose last component would remove something, were it in a layer.</summary>
    /// <exception cref="LayerException">It begins with ".wh.".</exception>
    public static void ThrowIfWhiteout(byte[] path)
    {
        if (path.AsSpan(path.AsSpan().LastIndexOf((byte)'/') + 1).StartsWith(Whiteout.Prefix))
        {
            string text = Encoding.UTF8.GetString(path);
            throw new LayerException(
                LayerErrorKind.Unsupported, $"'{Excerpt.Of(text)}' has the name of a whiteout, and would remove a file.", text);
        }
    }

    public static TarTimestamp Clamp(TarTimestamp time, LayerOutputOptions options) =>
        options.ClampTimesTo is { } limit && time > TarTimestamp.FromDateTimeOffset(limit)
            ? TarTimestamp.FromDateTimeOffset(limit)
            : time;

    public static byte[] Join(byte[] directory, ReadOnlySpan<byte> name) =>
        directory.Length == 0 ? name.ToArray() : [.. directory, (byte)'/', .. name];

    private static void AddInput(SourceTree tree, string sourcePath, byte[] destination, LayerOutputOptions options)
    {
        if (!Libc.IsSupported)
        {
            new PortableSource(tree.Nodes, options).Add(sourcePath, destination);
            return;
        }

        var source = new LinuxSource(sourcePath, tree, options);
        tree.Hold(source);
        source.Add(destination);
    }

    private static byte[] Normalize(string destination)
    {
        EntryPath path = EntryPath.Parse(Encoding.UTF8.GetBytes(destination), MaxDepth);
        return path.IsRoot ? [] : Join(path.Parent, path.Name);
    }

    // No file system says what these are, so they are the same everywhere.
    private static void AddParents(SortedDictionary<ByteString, SourceNode> nodes, byte[] path, LayerOutputOptions options)
    {
        for (int slash = 0; slash < path.Length; slash++)
        {
            if (path[slash] == '/' && !nodes.ContainsKey(new ByteString(path[..slash])))
            {
                Add(nodes, path[..slash], new SourceNode(new TarEntry
                {
                    Type = TarEntryType.Directory,
                    Name = path.AsMemory(0, slash),
                    Mode = 0x1ED,
                    Uid = options.Owner?.Uid ?? 0,
                    Gid = options.Owner?.Gid ?? 0,
                    ModifiedTime = options.ClampTimesTo is { } time ? TarTimestamp.FromDateTimeOffset(time) : default,
                }));
            }
        }
    }
}
