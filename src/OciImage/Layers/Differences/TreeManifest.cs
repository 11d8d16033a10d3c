namespace OciImage.Layers;

/// <summary>A recorded description of a tree: enough to tell later what of it was changed, without its content.</summary>
/// <remarks>
/// It has each path with type, mode, owner, time, size, SHA-256 of the content, link target, device, hard links, and the names
/// and SHA-256 of the extended attributes that a layer can carry. As text it has one canonical form (docs/layers.md): the same tree
/// gives the same bytes on every machine. An instance never changes.
/// </remarks>
public sealed class TreeManifest
{
    /// <summary>The greatest number of names that are read of a manifest, unless the caller says otherwise: 10 million.</summary>
    public const long DefaultMaxEntries = 10_000_000;

    internal TreeManifest(TreeNode? root, long entries)
    {
        Root = root;
        Entries = entries;
    }

    /// <summary>Gets the manifest of no tree at all: everything differs from it, the root too.</summary>
    public static TreeManifest Empty { get; } = new(null, 0);

    /// <summary>Gets the number of names, the root among them.</summary>
    public long Entries { get; }

    internal TreeNode? Root { get; }

    /// <summary>Describes a directory. No link in it is followed, sockets are left out, and every file is read.</summary>
    /// <param name="directory">The directory; a link at the end of the path is followed.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The description.</returns>
    /// <exception cref="PlatformNotSupportedException">The system is not one that <see cref="LayerDiff.IsSupported"/> is true on.</exception>
    /// <exception cref="IOException">The directory is missing, a file cannot be read, or one was changed while it was read.</exception>
    /// <exception cref="LayerException">A path has more than 4096 bytes, which no layer can have either.</exception>
    public static async ValueTask<TreeManifest> ReadAsync(string directory, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        LayerDiff.ThrowIfUnsupported();
        using var walk = new DirectoryWalk(directory);
        return await new TreeManifestBuilder(walk).BuildAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a manifest, which may come from anybody. It has to be canonical and complete.</summary>
    /// <param name="source">The text; it is read to its end and stays open.</param>
    /// <param name="maxEntries">The greatest number of names.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The manifest.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The greatest number of names is zero or negative.</exception>
    /// <exception cref="LayerException">It is no manifest, is not canonical, is cut off, or is above a limit.</exception>
    public static async ValueTask<TreeManifest> ParseAsync(
        Stream source, long maxEntries = DefaultMaxEntries, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxEntries);
        return await new TreeManifestReader(source, maxEntries).ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the manifest in its canonical form.</summary>
    /// <param name="target">Where the text goes; it stays open.</param>
    /// <param name="cancellationToken">Cancels the writing; what is written by then is no manifest.</param>
    /// <returns>A task that ends when everything is written.</returns>
    public async ValueTask WriteAsync(Stream target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        await TreeManifestWriter.WriteAsync(this, target, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Visits all nodes in the canonical order: a directory, then what is in it.</summary>
    internal IEnumerable<(byte[] Path, TreeNode Node)> Walk()
    {
        if (Root is null)
        {
            yield break;
        }

        var left = new Stack<(byte[] Path, TreeNode Node)>([([], Root)]);
        while (left.TryPop(out (byte[] Path, TreeNode Node) item))
        {
            yield return item;
            for (int i = item.Node.Children.Count - 1; i >= 0; i--)
            {
                TreeNode child = item.Node.Children[i];
                left.Push((LayerTree.Join(item.Path, child.Name), child));
            }
        }
    }
}
