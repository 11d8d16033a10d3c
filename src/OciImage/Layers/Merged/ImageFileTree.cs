using System.Text;
using OciImage.Content;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>The root filesystem of an image as its layers leave it behind, without unpacking it.</summary>
/// <remarks>
/// <para>
/// Every layer is read once, to its last byte, and its digest and DiffID have agreed before there is an instance; contents are
/// not kept but read again from the source, and are compared with the digests that were taken then. An instance never
/// changes and may be used by many threads. It does not own the source, which must stay open.
/// </para>
/// <para>
/// The rules are those of <see cref="LayerUnpacker"/>: whiteouts, hard links, links in the way of a path. Nothing touches a file system,
/// so it works on every system and without privileges.
/// </para>
/// </remarks>
public sealed class ImageFileTree
{
    private readonly IContentFetcher _source;
    private readonly IReadOnlyList<LayerToApply> _layers;
    private readonly ImageFileTreeOptions _options;
    private readonly MergedTree _tree;
    private readonly MergedResolver _resolver;

    private ImageFileTree(
        IContentFetcher source,
        IReadOnlyList<LayerToApply> layers,
        ImageFileTreeOptions options,
        MergedTree tree,
        LayerRemarks remarks,
        long entries)
    {
        _source = source;
        _layers = layers;
        _options = options;
        _tree = tree;
        _resolver = new MergedResolver(tree.Root, (_, _) => throw new InvalidOperationException("The tree is read only."));
        Root = new ImageFile(tree.Root, null, []);
        Entries = entries;
        Remarks = remarks.ToList();
    }

    /// <summary>Gets the root directory.</summary>
    public ImageFile Root { get; }

    /// <summary>Gets the number of entries that the layers have.</summary>
    public long Entries { get; }

    /// <summary>Gets what was tolerated in the layers: at most 1000 remarks, and one that says if there were more.</summary>
    public IReadOnlyList<LayerRemark> Remarks { get; }

    /// <summary>Reads the layers of an image.</summary>
    /// <param name="source">The place that has the layers, which stays open as long as the tree is used.</param>
    /// <param name="layers">The layers, base first.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The tree.</returns>
    /// <exception cref="ContentNotFoundException">The source lacks a layer.</exception>
    /// <exception cref="ContentVerificationException">A layer's bytes are not what its descriptor says.</exception>
    /// <exception cref="LayerException">A layer is malformed, unsafe, above a limit, or has another DiffID.</exception>
    public static async ValueTask<ImageFileTree> ReadAsync(
        IContentFetcher source,
        IReadOnlyList<LayerToApply> layers,
        ImageFileTreeOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(layers);
        options = options?.Clone() ?? new ImageFileTreeOptions();
        LayerToApply[] kept = [.. layers];
        var remarks = new LayerRemarks();
        var tree = new MergedTree(options.MaxDepth, remarks);
        var reader = new MergedTreeReader(tree, options, remarks);
        foreach (LayerToApply layer in kept)
        {
            reader.BeginLayer();
            await LayerStream.ReadAsync(
                source,
                layer,
                options.Limits,
                remarks,
                (archive, entry) => reader.ReadAsync(archive, entry, cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }

        return new ImageFileTree(source, kept, options, tree, remarks, reader.Entries);
    }

    /// <summary>Finds what has a path. Links on the way are followed inside the root, as a process in the container would.</summary>
    /// <param name="path">The path, with or without a slash in front.</param>
    /// <param name="followLinks">Whether a link at the end of the path is followed too.</param>
    /// <returns>What is there, or <see langword="null"/>: also for a link to nothing, and for one that leads in a circle.</returns>
    public ImageFile? Find(string path, bool followLinks = true)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Find(Encoding.UTF8.GetBytes(path), followLinks);
    }

    /// <summary>Finds what has a path of bytes. Links on the way are followed inside the root.</summary>
    /// <param name="path">The path, with or without a slash in front.</param>
    /// <param name="followLinks">Whether a link at the end of the path is followed too.</param>
    /// <returns>What is there, or <see langword="null"/>: also for a link to nothing, and for one that leads in a circle.</returns>
    public ImageFile? Find(ReadOnlySpan<byte> path, bool followLinks = true)
    {
        try
        {
            if (_resolver.FindPlace(path.ToArray(), followLinks) is not { } place)
            {
                return null;
            }

            return place.Name.Length == 0 ? Root :
                place.Directory.Find(place.Name) is { } slot ? new ImageFile(slot.Node, place.Directory, place.Name) :
                null;
        }
        catch (LayerException)
        {
            // A circle of links is a path to nothing.
            return null;
        }
    }

    /// <summary>Opens the content of a regular file for reading, forwards.</summary>
    /// <remarks>
    /// The layer is decompressed again up to the file, so the price is the layer's size before it. The stream fails on the read that
    /// would tell the end, when the content is another than the tree was made of; bytes read before are not proven.
    /// </remarks>
    /// <param name="file">The file, one of this tree.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The content, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">It is no regular file, or of another tree.</exception>
    /// <exception cref="ContentNotFoundException">The source does not have the layer any more.</exception>
    /// <exception cref="ContentVerificationException">The source has other bytes than before (also from the stream).</exception>
    /// <exception cref="LayerException">The layer is another than before (also from the stream).</exception>
    public async ValueTask<Stream> OpenReadAsync(ImageFile file, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Node.Content is not { } content || !IsMine(file))
        {
            throw new ArgumentException($"'{Excerpt.Of(file.DisplayPath)}' is no regular file of this tree.", nameof(file));
        }

        return content.Size == 0
            ? new MemoryStream([], writable: false)
            : await LayerFileStream.OpenAsync(_source, _layers[content.Layer], content, _options.Limits, cancellationToken)
                .ConfigureAwait(false);
    }

    /// <summary>Writes the tree as one archive, forwards: a layer without whiteouts that makes the same tree.</summary>
    /// <remarks>
    /// The form is fixed, and the same image gives the same bytes everywhere: the directories in path order, then the files that have content in the
    /// order of the layers and of their entries, then all else in path order, hard links last. Holes of sparse files are written as zeros.
    /// Every layer that has content is read again, and proven again by its end; an exception means that what was written is of no use.
    /// </remarks>
    /// <param name="target">Where the uncompressed archive goes; it stays open.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <returns>How many entries were written, and how many bytes of content.</returns>
    /// <exception cref="ContentNotFoundException">The source does not have a layer any more.</exception>
    /// <exception cref="ContentVerificationException">The source has other bytes than before.</exception>
    /// <exception cref="LayerException">A layer is another than before, or has a name that no archive can hold.</exception>
    public ValueTask<FlattenedArchive> WriteArchiveAsync(Stream target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        return new ArchiveFlattener(this, target).RunAsync(cancellationToken);
    }

    /// <summary>Hands out every file with content once, layer by layer, in the order of the entries.</summary>
    internal async ValueTask ReadContentsAsync(
        Func<MergedNode, TarReader, ValueTask> read, LayerRemarks remarks, CancellationToken cancellationToken)
    {
        var wanted = new Dictionary<(int Layer, long Entry), MergedNode>();
        foreach (ImageFile file in Root.GetDescendants())
        {
            if (file.Node.Content is { Size: > 0 } content)
            {
                wanted[(content.Layer, content.Entry)] = file.Node;
            }
        }

        foreach (int layer in wanted.Keys.Select(key => key.Layer).Distinct().Order())
        {
            long index = 0;
            await LayerStream.ReadAsync(
                _source,
                _layers[layer],
                _options.Limits,
                remarks,
                (archive, _) => wanted.TryGetValue((layer, index++), out MergedNode? node)
                    ? read(node, archive)
                    : ValueTask.CompletedTask,
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells whether a symbolic link leads to a place in the tree without the help of a root directory.</summary>
    internal static bool StaysInside(ImageFile link) => MergedResolver.StaysInside(link.Directory!, link.Node.LinkTarget);

    private bool IsMine(ImageFile file)
    {
        MergedDirectory? top = file.Directory;
        while (top?.Parent is not null)
        {
            top = top.Parent;
        }

        return top == _tree.Root;
    }
}
