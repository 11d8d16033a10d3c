using System.Runtime.CompilerServices;
using OciImage.Content;
using OciImage.Json;

namespace OciImage.Layout;

/// <summary>The images of a tar archive, read in place: of an OCI layout, of what <c>docker save</c> writes, or of both at once.</summary>
/// <remarks>
/// <para>
/// Opening reads the headers of the archive and passes over the rest, so that an image of many gigabytes is looked at for the
/// price of its documents. An archive that is compressed, or comes from a pipe, is written to a temporary file first, which
/// has no name on Linux and is gone with this instance (<see cref="IsSpooled"/>).
/// </para>
/// <para>
/// Where there is an <c>oci-layout</c>, its <c>index.json</c> counts. Otherwise the images of <c>manifest.json</c> get manifests
/// of Docker's schema 2, always the same for the same archive. All members may be used by many threads at once.
/// </para>
/// <para>
/// Names in the archive are never paths of this machine. Only regular files are content; what several entries are called is
/// refused when it is wanted.
/// </para>
/// </remarks>
public sealed class ImageArchive :
    IImageSource, IReferenceLister, IReferrerSource, IContentRangeFetcher, IUncheckedParents, IAsyncDisposable
{
    private readonly ArchiveBytes _bytes;
    private readonly ArchiveImages _images;
    private readonly ArchiveReferrers _referrers;
    private readonly string _place;

    private ImageArchive(ArchiveBytes bytes, ArchiveImages images, string place, bool isSpooled)
    {
        _bytes = bytes;
        _images = images;
        _place = place;
        _referrers = new ArchiveReferrers(this);
        IsSpooled = isSpooled;
    }

    /// <summary>Gets what the archive is.</summary>
    public ImageArchiveFormat Format => _images.Format;

    /// <summary>Gets whether the archive was written to a temporary file, since it is compressed or was not a file.</summary>
    public bool IsSpooled { get; }

    /// <summary>Opens an archive.</summary>
    /// <param name="path">The path of the file, or of a pipe.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The archive, which holds the file open until it is disposed.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DocumentFormatException">It is no archive of images, or what it lists is malformed.</exception>
    /// <exception cref="LayerException">The tar archive or its compression is malformed, cut off, unsafe, or exceeds a limit.</exception>
    public static async ValueTask<ImageArchive> OpenAsync(
        string path, ImageArchiveOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            throw new DocumentFormatException($"'{path}' is a directory, expected an archive.");
        }

        var file = new FileStream(path, new FileStreamOptions
        {
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            Options = FileOptions.Asynchronous,
        });

        return await OpenAsync(file, path, options, leaveOpen: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens an archive from a stream; one that can seek is read in place from where it stands, another is read to its end.</summary>
    /// <param name="stream">The archive.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the archive is disposed.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The archive. A stream that can seek is moved by it and must not be used by others meanwhile.</returns>
    /// <exception cref="DocumentFormatException">It is no archive of images, or what it lists is malformed.</exception>
    /// <exception cref="LayerException">The tar archive or its compression is malformed, cut off, unsafe, or exceeds a limit.</exception>
    public static ValueTask<ImageArchive> OpenAsync(
        Stream stream,
        ImageArchiveOptions? options = null,
        bool leaveOpen = false,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return OpenAsync(stream, "the archive", options, leaveOpen, cancellationToken);
    }

    /// <summary>Lists the roots as the archive's <c>index.json</c> has them, with their names in annotations.</summary>
    /// <remarks>
    /// An archive of Docker's lists its images: one entry for each name, with the names in the same annotations. Its compressed layers
    /// are read for that, since a manifest has their digests.
    /// </remarks>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The roots in their order.</returns>
    /// <exception cref="DocumentFormatException">An image of Docker's is malformed or incomplete.</exception>
    public ValueTask<IReadOnlyList<Descriptor>> ReadRootsAsync(CancellationToken cancellationToken = default) =>
        _images.ReadRootsAsync(null, cancellationToken);

    /// <summary>Tells whether content of that digest and size is in the archive. Nothing is read of it.</summary>
    /// <param name="descriptor">The content asked for.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns><see langword="true"/> when it is there.</returns>
    public async ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        try
        {
            return await _images.FindAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false) is { } blob &&
                blob.Length == descriptor.Size;
        }
        catch (DocumentFormatException)
        {
            // What is no regular file is no content.
            return false;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="DocumentFormatException">What stands there is no regular file, or not the only one of its name.</exception>
    public async ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArchiveBlob blob = await FindAsync(descriptor, cancellationToken).ConfigureAwait(false);
        return new ContentStream(blob.Open(_bytes), descriptor);
    }

    /// <inheritdoc/>
    /// <exception cref="DocumentFormatException">What stands there is no regular file, or not the only one of its name.</exception>
    public async ValueTask<UnverifiedRangeStream?> TryOpenRangeAsync(
        Descriptor descriptor, long offset, long length, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ContentBounds.Check(descriptor, offset, length);
        ArchiveBlob blob = await FindAsync(descriptor, cancellationToken).ConfigureAwait(false);
        Stream source = blob.Open(_bytes);
        source.Position = offset;

        return new UnverifiedRangeStream(source, length);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A name is looked for as it is written, then as a whole name with Docker's defaults (<c>alpine</c> is
    /// <c>docker.io/library/alpine:latest</c>), then as a tag alone. A sha256 or sha512 digest is only looked for as one.
    /// </remarks>
    /// <exception cref="ContentNotFoundException">There is no such name, or it is the tag of several images.</exception>
    public async ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        Descriptor found = Digest.TryParse(reference, out Digest digest) && digest.CanVerify
            ? await FindDigestAsync(digest, cancellationToken).ConfigureAwait(false)
            : await FindNameAsync(reference, cancellationToken).ConfigureAwait(false);

        return ArchiveName.Strip(found);
    }

    /// <summary>Lists the names: whole where the archive has them so, else as its <c>index.json</c> says, in ordinal order.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The names; no image is looked at for them.</returns>
    public async IAsyncEnumerable<string> ListReferencesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (string name in _images.Names
            .Select(name => name.Shown).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return name;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Looked for among the roots.</remarks>
    public IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject, string? artifactType = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return _referrers.ListAsync(subject, artifactType, cancellationToken);
    }

    /// <summary>Closes the file and removes what was temporary.</summary>
    /// <returns>A task that ends when both are done.</returns>
    public ValueTask DisposeAsync()
    {
        _images.Dispose();
        return _bytes.DisposeAsync();
    }

    /// <summary>Reads a document, unless it is absent or larger than documents are.</summary>
    internal async ValueTask<byte[]?> TryReadDocumentAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (descriptor.Size > DocumentOptions.DefaultMaxSize || !descriptor.Digest.CanVerify ||
            !await ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        ContentStream stream = await OpenReadAsync(descriptor, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            return await stream.ReadToEndAsync(DocumentOptions.DefaultMaxSize, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask<ImageArchive> OpenAsync(
        Stream stream, string place, ImageArchiveOptions? options, bool leaveOpen, CancellationToken cancellationToken)
    {
        options = options?.Clone() ?? new ImageArchiveOptions();
        ArchiveBytes? bytes = null;
        try
        {
            (bytes, bool isSpooled) = await ArchiveOpening
                .OpenAsync(stream, place, options, leaveOpen, cancellationToken).ConfigureAwait(false);
            ArchiveIndex index = await ArchiveIndex.ReadAsync(bytes, place, options, cancellationToken).ConfigureAwait(false);
            ArchiveImages images = await ArchiveDocuments
                .ReadImagesAsync(bytes, index, place, options, cancellationToken).ConfigureAwait(false);

            return new ImageArchive(bytes, images, place, isSpooled);
        }
        catch
        {
            if (bytes is not null)
            {
                await bytes.DisposeAsync().ConfigureAwait(false);
            }
            else if (!leaveOpen)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    private async ValueTask<ArchiveBlob> FindAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        cancellationToken.ThrowIfCancellationRequested();
        ArchiveBlob blob = await _images.FindAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false) ??
            throw ContentNotFoundException.ForDigest(descriptor.Digest, _place);

        return blob.Length == descriptor.Size ? blob : throw ContentVerificationException.OtherLength(descriptor, blob.Length);
    }

    private async ValueTask<Descriptor> FindDigestAsync(Digest digest, CancellationToken cancellationToken)
    {
        IReadOnlyList<Descriptor> roots = await ReadRootsAsync(cancellationToken).ConfigureAwait(false);
        if (roots.FirstOrDefault(root => root.Digest == digest) is { } listed)
        {
            return listed;
        }

        ArchiveBlob blob = await _images.FindAsync(digest, cancellationToken).ConfigureAwait(false) ??
            throw ContentNotFoundException.ForDigest(digest, _place);
        var descriptor = new Descriptor { MediaType = "application/octet-stream", Digest = digest, Size = blob.Length };
        byte[]? document = await TryReadDocumentAsync(descriptor, cancellationToken).ConfigureAwait(false);

        return document is not null && DocumentKind.Detect(document) is { } mediaType
            ? descriptor with { MediaType = mediaType }
            : descriptor;
    }

    private async ValueTask<Descriptor> FindNameAsync(string reference, CancellationToken cancellationToken)
    {
        string? whole = ImageReference.TryParse(reference, out ImageReference? parsed) && parsed.Digest is null
            ? parsed.ToString()
            : null;
        Func<ArchiveName, bool>[] ways =
        [
            name => name.Full == reference || name.RefName == reference,
            name => whole is not null && name.Full == whole,
            name => name.Tag == reference,
        ];
        foreach (Func<ArchiveName, bool> way in ways)
        {
            if (!_images.Names.Any(way))
            {
                continue;
            }

            IReadOnlyList<Descriptor> found = await _images.ReadRootsAsync(way, cancellationToken).ConfigureAwait(false);
            string?[] names = [.. found.Select(root => ArchiveName.Of(root).Full).Distinct(StringComparer.Ordinal)];
            return names.Length == 1 || found.DistinctBy(root => root.Digest).Count() == 1
                ? LayoutEntry.Choose(found)!
                : throw new ContentNotFoundException(
                    $"'{Excerpt.Of(reference)}' names several images in '{_place}': {Excerpt.Of(string.Join(", ", names))}. Give a whole name.");
        }

        throw ContentNotFoundException.ForReference(reference, _place);
    }
}
