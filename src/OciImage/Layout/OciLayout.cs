using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>An OCI image layout directory as a content-addressable store (image-spec 1.1.1, image-layout.md).</summary>
/// <remarks>
/// <para>
/// Many threads and processes may use one directory at once. A blob appears under its name only when it was verified and,
/// where <see cref="OciLayoutOptions.Durability"/> says so, flushed; <c>index.json</c> is changed under a lock and replaced as a
/// whole. Unfinished content stands in <c>.ociimage</c> inside the directory, which other tools ignore.
/// </para>
/// <para>Roots are what <c>index.json</c> lists: with a tag as <c>org.opencontainers.image.ref.name</c>, or without.</para>
/// </remarks>
public sealed partial class OciLayout :
    IImageStore, IContentIngester, IIngestLister, IContentRepairer, IContentDeleter, IReferenceLister, IReferenceUntagger,
    IReferrerSource, IBlobMounter, IContentRangeFetcher, IUncheckedParents
{
    private const int MaxReferenceLength = 1024;

    private readonly LayoutPaths _paths;
    private readonly LayoutBlobs _blobs;
    private readonly LayoutReferrers _referrers;
    private readonly LayoutIndex _index;
    private readonly BlobWriter _writer;
    private readonly LayoutIngests _ingests;
    private readonly LayoutQuarantine _quarantine;

    private OciLayout(LayoutPaths paths, OciLayoutOptions options)
    {
        _paths = paths;
        _blobs = new LayoutBlobs(paths);
        _referrers = new LayoutReferrers(_blobs);
        _writer = new BlobWriter(paths, options);
        _index = new LayoutIndex(paths, options, _writer);
        _ingests = new LayoutIngests(paths, _writer);
        _quarantine = new LayoutQuarantine(paths, options, _writer);
    }

    /// <summary>Gets the full path of the directory.</summary>
    public string DirectoryPath => _paths.Root;

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
        using (SafeFileHandle? header = BlobFile.TryOpen(paths.Header, out bool isOther))
        {
            if (header is null)
            {
                throw isOther
                    ? new DocumentFormatException($"'{paths.Header}' is not a regular file.")
                    : new ContentNotFoundException($"'{directory}' is not an OCI layout: it has no file 'oci-layout'.");
            }

            byte[] bytes = new byte[4096];
            int read = RandomAccess.Read(header, bytes, 0);
            string version = OciDocument<OciLayoutHeader>.Parse(bytes.AsMemory(0, read)).Value.ImageLayoutVersion;
            if (version != OciLayoutHeader.CurrentVersion)
            {
                throw new DocumentFormatException(
                    $"'{directory}' has the layout version '{Excerpt.Of(version)}', expected '{OciLayoutHeader.CurrentVersion}'.",
                    "$.imageLayoutVersion");
            }
        }

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

    /// <summary>Reads <c>index.json</c>.</summary>
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
        if (!await ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
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
    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        cancellationToken.ThrowIfCancellationRequested();
        return new(_blobs.Exists(descriptor));
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A sha256 or sha512 digest is only looked for as one, whatever an entry calls itself. Where several entries have the
    /// tag, an index comes first, then the manifest for this machine's platform, then the first; <see cref="ReadIndexAsync"/>
    /// tells them all.
    /// </remarks>
    public async ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);

        // 'alpine:latest' has the form of a digest, too, of an algorithm that nobody knows.
        bool isDigest = Digest.TryParse(reference, out Digest digest);
        IReadOnlyList<Descriptor> entries =
            (await _index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value.Manifests;
        Descriptor? found = isDigest && digest.CanVerify
            ? null
            : LayoutEntry.Choose([.. entries.Where(entry => LayoutEntry.IsTagged(entry, reference))]);
        if (found is null && isDigest)
        {
            found = entries.FirstOrDefault(entry => entry.Digest == digest) ??
                await _blobs.DescribeAsync(digest, cancellationToken).ConfigureAwait(false);
        }

        return found is null
            ? throw ContentNotFoundException.ForReference(reference, DirectoryPath)
            : LayoutEntry.WithoutTag(found);
    }

    /// <inheritdoc/>
    /// <remarks>A manifest that loses its tag stays listed where it has a subject, and otherwise is no root any more.</remarks>
    public async ValueTask TagAsync(
        Descriptor descriptor, string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentException.ThrowIfNullOrEmpty(reference);
        if (reference.Length > MaxReferenceLength || reference.Any(c => char.IsControl(c) || char.IsSurrogate(c)) ||
            (Digest.TryParse(reference, out Digest digest) && digest.CanVerify))
        {
            throw new ArgumentException(
                $"'{Excerpt.Of(reference)}' cannot be a tag: at most {MaxReferenceLength} characters, none a control " +
                "character, and no digest.",
                nameof(reference));
        }

        await _index.UpdateAsync(
            async entries =>
            {
                ThrowIfMissing(descriptor);
                HashSet<Digest> referrers = await _referrers.FilterAsync(
                    entries.Where(entry => LayoutEntry.IsTagged(entry, reference)), cancellationToken).ConfigureAwait(false);
                return LayoutEntry.Tag(entries, descriptor, reference, referrers);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lists content in <c>index.json</c> without a tag, so that it is a root; content that is listed stays as it is.</summary>
    /// <param name="descriptor">The content, usually a manifest or an index.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the root is listed.</returns>
    /// <exception cref="ContentNotFoundException">The content is not here.</exception>
    public async ValueTask AddRootAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        await _index.UpdateAsync(
            entries =>
            {
                ThrowIfMissing(descriptor);
                return new(LayoutEntry.Add(entries, descriptor));
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>The entry goes, unless it is of a manifest with a subject, which stays listed without a tag.</remarks>
    public async ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        await _index.UpdateAsync(
            async entries =>
            {
                HashSet<Digest> referrers = await _referrers.FilterAsync(
                    entries.Where(entry => LayoutEntry.IsTagged(entry, reference)), cancellationToken).ConfigureAwait(false);
                IReadOnlyList<Descriptor> left = LayoutEntry.Untag(entries, reference, referrers);
                return ReferenceEquals(left, entries)
                    ? throw ContentNotFoundException.ForReference(reference, DirectoryPath)
                    : left;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>What stands in the content's place and is damaged, or no regular file, is removed as well.</remarks>
    public async ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        string? path = _paths.Blob(descriptor.Digest);
        await _index.UpdateAsync(
            entries =>
            {
                if (path is null || !_paths.IsInside(descriptor.Digest) ||
                    !(Path.Exists(path) || new FileInfo(path).LinkTarget is not null))
                {
                    throw ContentNotFoundException.ForDigest(descriptor.Digest, DirectoryPath);
                }

                return new(entries.Any(entry => entry.Digest == descriptor.Digest)
                    ? [.. entries.Where(entry => entry.Digest != descriptor.Digest)]
                    : entries);
            },
            cancellationToken,

            // After the index and under its lock: a name never points to what is gone.
            afterwards: () => _writer.Remove(path!)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListReferencesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ImageIndex index = (await _index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        foreach (string tag in index.Manifests
            .Select(LayoutEntry.TagOf).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            yield return tag;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject,
        string? artifactType = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        ImageIndex index = (await _index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        foreach (Descriptor entry in index.Manifests.DistinctBy(entry => entry.Digest).OrderBy(entry => entry.Digest))
        {
            Referrer? referrer = await _referrers.FindAsync(entry, cancellationToken).ConfigureAwait(false);
            if (referrer?.Subject == subject.Digest &&
                (artifactType is null || referrer.Descriptor.ArtifactType == artifactType))
            {
                yield return referrer.Descriptor;
            }
        }
    }

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

        if (!_blobs.Exists(descriptor) && !await new LayoutMount(_paths, _writer)
            .TryMountAsync(descriptor, other._paths.Blob(descriptor.Digest)!, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        await ListReferrerAsync(descriptor, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private void ThrowIfMissing(Descriptor descriptor)
    {
        if (!_blobs.Exists(descriptor))
        {
            throw ContentNotFoundException.ForDigest(descriptor.Digest, DirectoryPath);
        }
    }

    private async ValueTask ListReferrerAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (await _referrers.FindAsync(descriptor, cancellationToken).ConfigureAwait(false) is not null)
        {
            await AddRootAsync(descriptor, cancellationToken).ConfigureAwait(false);
        }
    }
}
