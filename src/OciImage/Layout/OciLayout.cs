using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Content;
using OciImage.Json;

namespace OciImage.Layout;

/// <summary>An OCI image layout directory as a content-addressable store (image-spec 1.1.1, image-layout.md).</summary>
/// <remarks>
/// <para>
/// Many threads and processes may use one directory at once. A blob appears under its name only when it was verified and,
/// where <see cref="OciLayoutOptions.Durable"/> says so, flushed; <c>index.json</c> is changed under a lock and replaced as a
/// whole. Unfinished content stands in <c>.ociimage</c> inside the directory, which other tools ignore.
/// </para>
/// <para>Roots are what <c>index.json</c> lists: with a tag as <c>org.opencontainers.image.ref.name</c>, or without.</para>
/// </remarks>
public sealed class OciLayout :
    IImageStore, IContentIngester, IContentDeleter, IReferenceLister, IReferenceUntagger, IReferrerSource, IBlobMounter
{
    private const int MaxReferenceLength = 1024;

    private readonly LayoutPaths _paths;
    private readonly LayoutIndex _index;
    private readonly BlobWriter _writer;

    private OciLayout(LayoutPaths paths, OciLayoutOptions options)
    {
        _paths = paths;
        _index = new LayoutIndex(paths, options);
        _writer = new BlobWriter(paths, options);
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
        using (SafeFileHandle header = BlobFile.TryOpen(paths.Header) ??
            throw new ContentNotFoundException($"'{directory}' is not an OCI layout: it has no file 'oci-layout'."))
        {
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
            Directory.CreateDirectory(paths.Root);
            if (Directory.EnumerateFileSystemEntries(paths.Root).Any(entry => !IsOurs(paths, entry)))
            {
                throw new IOException($"'{directory}' is neither empty nor an OCI layout.");
            }

            await CreateAsync(paths, options, cancellationToken).ConfigureAwait(false);
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
        SafeFileHandle handle;
        try
        {
            handle = BlobFile.TryOpen(_paths.Blob(descriptor.Digest)) ??
                throw ContentNotFoundException.ForDigest(descriptor.Digest, DirectoryPath);
        }
        catch (IOException exception)
        {
            throw new ContentVerificationException(descriptor, $"Content '{descriptor.Digest}' cannot be read.", exception);
        }

        long length = RandomAccess.GetLength(handle);
        if (length != descriptor.Size)
        {
            handle.Dispose();
            throw ContentVerificationException.OtherLength(descriptor, length);
        }

        return new(new ContentStream(new FileStream(handle, FileAccess.Read, bufferSize: 0), descriptor));
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
            Stream source = await content.OpenAsync(0, cancellationToken).ConfigureAwait(false);
            var stream = new ContentStream(source, descriptor);
            await using (stream.ConfigureAwait(false))
            {
                await _writer.WriteAsync(stream, descriptor.Digest, cancellationToken).ConfigureAwait(false);
            }
        }

        if (MediaTypes.IsManifestOrIndex(descriptor.MediaType) &&
            await HasSubjectAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            await AddRootAsync(descriptor, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        try
        {
            using SafeFileHandle? handle = BlobFile.TryOpen(_paths.Blob(descriptor.Digest));
            return new(handle is not null && RandomAccess.GetLength(handle) == descriptor.Size);
        }
        catch (IOException)
        {
            // A link or a pipe is no content; what is pushed takes its place.
            return new(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        bool isDigest = Digest.TryParse(reference, out Digest digest);
        ImageIndex index = (await _index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        foreach (Descriptor entry in index.Manifests)
        {
            if (LayoutEntry.IsTagged(entry, reference) || (isDigest && entry.Digest == digest))
            {
                return LayoutEntry.WithoutTag(entry);
            }
        }

        return (isDigest ? await DescribeBlobAsync(digest, cancellationToken).ConfigureAwait(false) : null) ??
            throw ContentNotFoundException.ForReference(reference, DirectoryPath);
    }

    /// <inheritdoc/>
    public async ValueTask TagAsync(
        Descriptor descriptor, string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentException.ThrowIfNullOrEmpty(reference);
        if (reference.Length > MaxReferenceLength || reference.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"'{Excerpt.Of(reference)}' cannot be a tag: at most {MaxReferenceLength} characters, none a control character.",
                nameof(reference));
        }

        await ThrowIfMissingAsync(descriptor, cancellationToken).ConfigureAwait(false);
        await _index.UpdateAsync(entries => LayoutEntry.Tag(entries, descriptor, reference), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Lists content in <c>index.json</c> without a tag, so that it is a root; content that is listed stays as it is.</summary>
    /// <param name="descriptor">The content, usually a manifest or an index.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the root is listed.</returns>
    /// <exception cref="ContentNotFoundException">The content is not here.</exception>
    public async ValueTask AddRootAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        await ThrowIfMissingAsync(descriptor, cancellationToken).ConfigureAwait(false);
        await _index.UpdateAsync(entries => LayoutEntry.Add(entries, descriptor), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        bool found = false;
        await _index.UpdateAsync(
            entries =>
            {
                Descriptor[] left = [.. entries.Where(entry => !LayoutEntry.IsTagged(entry, reference))];
                found = left.Length < entries.Count;
                return found ? left : entries;
            },
            cancellationToken).ConfigureAwait(false);
        if (!found)
        {
            throw ContentNotFoundException.ForReference(reference, DirectoryPath);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        string path = _paths.Blob(descriptor.Digest);
        if (!Path.Exists(path))
        {
            throw ContentNotFoundException.ForDigest(descriptor.Digest, DirectoryPath);
        }

        // The index first: a name never points to what is gone.
        await _index.UpdateAsync(
            entries => entries.Any(entry => entry.Digest == descriptor.Digest)
                ? [.. entries.Where(entry => entry.Digest != descriptor.Digest)]
                : entries,
            cancellationToken).ConfigureAwait(false);
        File.Delete(path);
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
            Descriptor manifest = entry.ToContentDescriptor();
            byte[]? bytes = await TryReadDocumentAsync(manifest, cancellationToken).ConfigureAwait(false);
            if (bytes is not null && Referrer.TryDescribe(manifest, bytes, subject.Digest, out Descriptor? referrer) &&
                (artifactType is null || referrer.ArtifactType == artifactType))
            {
                yield return referrer;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Content of another layout on the same file system becomes a second name of the same file. It was verified when
    /// that layout took it in, and is again at each read.
    /// </remarks>
    public async ValueTask<bool> TryMountAsync(
        Descriptor descriptor, IContentFetcher source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        if (source is not OciLayout other || other.DirectoryPath == DirectoryPath ||
            !await other.ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        Directory.CreateDirectory(_paths.Ingest);
        string temporary = Path.Combine(_paths.Ingest, $"{Guid.NewGuid():N}.tmp");
        if (!BlobFile.TryLink(other._paths.Blob(descriptor.Digest), temporary))
        {
            return false;
        }

        // A rename onto another name of the same file does nothing and leaves both, hence the removal.
        _writer.Publish(temporary, descriptor.Digest);
        File.Delete(temporary);

        return true;
    }

    /// <inheritdoc/>
    public async ValueTask<ContentIngest> OpenIngestAsync(string key, CancellationToken cancellationToken = default)
    {
        IngestKey.Check(key);
        Directory.CreateDirectory(_paths.Ingest);
        return await LayoutIngest.OpenAsync(key, IngestPath(key), _writer, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<IngestStatus?> GetIngestStatusAsync(string key, CancellationToken cancellationToken = default)
    {
        IngestKey.Check(key);
        var file = new FileInfo(IngestPath(key));
        return new(file.Exists ? new IngestStatus(key, file.Length, file.LastWriteTimeUtc) : null);
    }

    /// <summary>Removes unfinished content that nobody has open and that nobody wrote to for a while.</summary>
    /// <param name="olderThan">How long ago the last write must be.</param>
    /// <param name="timeProvider">The clock; the system's by default.</param>
    /// <returns>The number of bytes that came free.</returns>
    public long SweepIngests(TimeSpan olderThan, TimeProvider? timeProvider = null)
    {
        DateTimeOffset limit = (timeProvider ?? TimeProvider.System).GetUtcNow() - olderThan;
        return Directory.Exists(_paths.Ingest) ? LayoutSweep.Sweep(_paths.Ingest, limit) : 0;
    }

    private static bool IsOurs(LayoutPaths paths, string entry) =>
        entry == paths.Ingest || entry == paths.Blobs || entry == paths.Index || entry == paths.Header;

    private static async ValueTask CreateAsync(
        LayoutPaths paths, OciLayoutOptions options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(paths.Blobs, Digest.Sha256));
        Directory.CreateDirectory(paths.Ingest);
        using IDisposable held = await LayoutLock.AcquireAsync(paths.IndexLock, cancellationToken).ConfigureAwait(false);
        var index = new LayoutIndex(paths, options);
        if (!File.Exists(paths.Index))
        {
            index.Write(new ImageIndex { MediaType = MediaTypes.ImageIndex });
        }

        // The header last: whoever sees it may rely on the rest.
        var header = new OciLayoutHeader { ImageLayoutVersion = OciLayoutHeader.CurrentVersion };
        index.Replace(paths.Header, OciDocument<OciLayoutHeader>.Create(header).Bytes.Span);
    }

    private string IngestPath(string key) =>
        Path.Combine(_paths.Ingest, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))) + LayoutSweep.IngestSuffix);

    private async ValueTask ThrowIfMissingAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            throw ContentNotFoundException.ForDigest(descriptor.Digest, DirectoryPath);
        }
    }

    private async ValueTask<bool> HasSubjectAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        byte[]? bytes = await TryReadDocumentAsync(descriptor, cancellationToken).ConfigureAwait(false);
        return bytes is not null && DocumentKind.HasField(bytes, "subject"u8);
    }

    private async ValueTask<Descriptor?> DescribeBlobAsync(Digest digest, CancellationToken cancellationToken)
    {
        using SafeFileHandle? handle = BlobFile.TryOpen(_paths.Blob(digest));
        if (handle is null)
        {
            return null;
        }

        var descriptor = new Descriptor
        {
            MediaType = "application/octet-stream", Digest = digest, Size = RandomAccess.GetLength(handle),
        };
        byte[]? bytes = await TryReadDocumentAsync(descriptor, cancellationToken).ConfigureAwait(false);

        return bytes is not null && DocumentKind.Detect(bytes) is { } mediaType
            ? descriptor with { MediaType = mediaType }
            : descriptor;
    }

    private async ValueTask<byte[]?> TryReadDocumentAsync(Descriptor descriptor, CancellationToken cancellationToken)
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
}
