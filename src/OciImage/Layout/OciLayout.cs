using OciImage.Content;

namespace OciImage.Layout;

/// <summary>An OCI image layout directory as a content-addressable store (image-spec 1.1.1, image-layout.md).</summary>
/// <remarks>
/// <para>
/// Many threads and processes may use one directory at once. A blob appears under its name only when it was verified and,
/// where <see cref="OciLayoutOptions.Durability"/> says so, flushed; <c>index.json</c> is changed under a lock and replaced as a
/// whole. Unfinished content stands in <c>.ociimage</c> inside the directory, which other tools ignore.
/// </para>
/// <para>
/// Roots are what <c>index.json</c> lists: with a tag as <c>org.opencontainers.image.ref.name</c>, or without. Tags, roots and
/// leases belong to a namespace; blobs are shared by all. What other namespaces and leases list has annotations of our own and
/// no tag, so that other tools keep it and see the default namespace's tags alone.
/// </para>
/// </remarks>
public sealed partial class OciLayout :
    IImageStore, IContentIngester, IIngestLister, IContentRepairer, IContentDeleter, IReferenceLister, IReferenceUntagger,
    IReferrerSource, IBlobMounter, IContentRangeFetcher, IUncheckedParents, IContentHolder
{
    private readonly LayoutPaths _paths;
    private readonly OciLayoutOptions _options;
    private readonly LayoutBlobs _blobs;
    private readonly LayoutReferrers _referrers;
    private readonly LayoutIndex _index;
    private readonly BlobWriter _writer;
    private readonly LayoutIngests _ingests;
    private readonly LayoutQuarantine _quarantine;
    private readonly LayoutNames _names;

    private OciLayout(LayoutPaths paths, OciLayoutOptions options)
    {
        _paths = paths;
        _options = options;
        _blobs = new LayoutBlobs(paths);
        _referrers = new LayoutReferrers(_blobs);
        _writer = new BlobWriter(paths, options);
        _index = new LayoutIndex(paths, options, _writer);
        _ingests = new LayoutIngests(paths, _writer);
        _quarantine = new LayoutQuarantine(paths, options, _writer);
        Namespace = options.Namespace;
        _names = new LayoutNames(Namespace, paths, _index, _blobs, _referrers);
        Leases = new LayoutLeases(Namespace, paths, _index, _blobs, options.TimeProvider);
    }

    private OciLayout(OciLayout other, string @namespace)
    {
        _paths = other._paths;
        _options = other._options;
        _blobs = other._blobs;
        _referrers = other._referrers;
        _writer = other._writer;
        _ingests = other._ingests;
        _quarantine = other._quarantine;
        _index = other._index;
        Namespace = @namespace;
        _names = new LayoutNames(@namespace, _paths, _index, _blobs, _referrers);
        Leases = new LayoutLeases(@namespace, _paths, _index, _blobs, _options.TimeProvider);
    }

    /// <summary>Gets the full path of the directory.</summary>
    public string DirectoryPath => _paths.Root;

    /// <summary>Gets the namespace that tags, roots, referrers and leases are looked for in, and written to.</summary>
    public string Namespace { get; }

    /// <summary>Gets the leases of the namespace, which keep content that has no name yet from being collected.</summary>
    public LayoutLeases Leases { get; }

    /// <summary>Opens a layout that is there.</summary>
    /// <param name="directory">The path of the directory.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The layout; it holds nothing open.</returns>
    /// <exception cref="ContentNotFoundException">The directory is absent, or has no <c>oci-layout</c> or <c>index.json</c>.</exception>
    /// <exception cref="DocumentFormatException">The layout has another version, or its <c>index.json</c> is malformed.</exception>
    public static async ValueTask<OciLayout> OpenAsync(
        string directory, OciLayoutOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var paths = new LayoutPaths(Path.GetFullPath(directory));
        LayoutHeader.Check(paths, directory);
        var layout = new OciLayout(paths, options?.Clone() ?? new OciLayoutOptions());
        await layout._index.ReadAsync(cancellationToken).ConfigureAwait(false);

        return layout;
    }

    /// <summary>Opens a layout, or makes one where the directory is absent or empty.</summary>
    /// <param name="directory">The path of the directory.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The layout; it holds nothing open.</returns>
    /// <exception cref="IOException">The directory has files of another kind, and is left as it is.</exception>
    /// <exception cref="DocumentFormatException">The layout has another version, or its <c>index.json</c> is malformed.</exception>
    public static async ValueTask<OciLayout> OpenOrCreateAsync(
        string directory, OciLayoutOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options = options?.Clone() ?? new OciLayoutOptions();
        var paths = new LayoutPaths(Path.GetFullPath(directory));
        if (!File.Exists(paths.Header))
        {
            await LayoutCreation.CreateAsync(paths, options, cancellationToken).ConfigureAwait(false);
        }

        return await OpenAsync(directory, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads <c>index.json</c>, which lists the roots of all namespaces and what leases keep.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The index as it is at this moment.</returns>
    /// <exception cref="DocumentFormatException">The file is malformed or too large.</exception>
    public ValueTask<OciDocument<ImageIndex>> ReadIndexAsync(CancellationToken cancellationToken = default) =>
        _index.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        cancellationToken.ThrowIfCancellationRequested();
        return new(_blobs.OpenRead(descriptor));
    }

    /// <inheritdoc/>
    public ValueTask<UnverifiedRangeStream?> TryOpenRangeAsync(
        Descriptor descriptor, long offset, long length, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ContentBounds.Check(descriptor, offset, length);
        cancellationToken.ThrowIfCancellationRequested();
        return new(_blobs.OpenRange(descriptor, offset, length));
    }

    /// <inheritdoc/>
    /// <remarks>A manifest or index with a subject is listed in <c>index.json</c>, so that its subject's referrers are found.</remarks>
    public async ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(content);
        if (!await _blobs.UseAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            if (!descriptor.Digest.CanVerify)
            {
                throw ContentVerificationException.CannotVerify(descriptor);
            }

            await _writer.WriteAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
        }

        await ListReferrerAsync(descriptor, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// What is there counts as used at this moment: its time of the last write is set, where this process may, so that a
    /// collection leaves it alone as if it had been written. Reading changes nothing.
    /// </remarks>
    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        cancellationToken.ThrowIfCancellationRequested();
        return _blobs.UseAsync(descriptor, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// What another namespace or a lease reaches loses its tags here and stays. What stands in the content's place and is
    /// damaged, or no regular file, is removed as well.
    /// </remarks>
    public ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return new LayoutDeletion(Namespace, _paths, _index, _blobs, _writer, _options.TimeProvider)
            .DeleteAsync(descriptor, cancellationToken);
    }

    /// <summary>Keeps every collector, also of other processes, from what is written or found here from now on.</summary>
    /// <remarks>
    /// For work that puts content here piece by piece and names it at the end; copies and builds do it by themselves. Found is
    /// what <see cref="ExistsAsync"/> or a push says is there. It ends when it is disposed, or with the process.
    /// </remarks>
    /// <returns>The hold.</returns>
    /// <exception cref="IOException">The directory cannot be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be written to.</exception>
    public IDisposable Hold() => LayoutHolds.Create(_paths);

    /// <inheritdoc/>
    IDisposable? IContentHolder.TryHold()
    {
        try
        {
            return Hold();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Then nothing can be written here either, and what is there is no work of ours.
            return null;
        }
    }

    /// <summary>Removes content that nothing keeps, of all namespaces.</summary>
    /// <remarks>
    /// <para>
    /// Kept is what a tag of any namespace, an untagged entry of <c>index.json</c> (unless it is pruned) or a lease reaches,
    /// through manifests, indexes and whatever else names a digest; and what is young, or younger than work that holds the
    /// layout, with all below it. Other processes may write meanwhile.
    /// </para>
    /// <para>
    /// A manifest or index that a root reaches and that is damaged hides what it referred to, so then nothing is removed,
    /// unless the options say so. What is missing hides nothing that is here.
    /// </para>
    /// </remarks>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the collection; what was removed by then is gone, the rest is as it was.</param>
    /// <returns>What was removed and kept.</returns>
    /// <exception cref="IOException">The directory cannot be read or written.</exception>
    /// <exception cref="DocumentFormatException"><c>index.json</c> is malformed.</exception>
    public async ValueTask<CollectionReport> CollectAsync(
        CollectionOptions? options = null, CancellationToken cancellationToken = default) =>
        await new LayoutCollector(
                Namespace, _paths, _index, _blobs, _referrers, _options, options?.Clone() ?? new CollectionOptions())
            .CollectAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <remarks>
    /// Content of another layout on the same file system becomes a second name of the same file, where that file has the
    /// owner of this process. It is verified first.
    /// </remarks>
    /// <exception cref="ContentVerificationException">The other layout's content is damaged.</exception>
    public async ValueTask<bool> TryMountAsync(
        Descriptor descriptor, IContentFetcher source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(source);
        cancellationToken.ThrowIfCancellationRequested();
        if (source is not OciLayout other || other.DirectoryPath == DirectoryPath || !descriptor.Digest.CanVerify ||
            !other._blobs.Exists(descriptor))
        {
            return false;
        }

        if (!await _blobs.UseAsync(descriptor, cancellationToken).ConfigureAwait(false) && !await new LayoutMount(_paths, _writer)
            .TryMountAsync(descriptor, other._paths.Blob(descriptor.Digest)!, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        await ListReferrerAsync(descriptor, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async ValueTask ListReferrerAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (await _referrers.FindAsync(descriptor, cancellationToken).ConfigureAwait(false) is not null)
        {
            await AddRootAsync(descriptor, cancellationToken).ConfigureAwait(false);
        }
    }
}
