using System.Buffers;
using System.Runtime.CompilerServices;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Writes images into a tar archive as they arrive, to a file or to a stream that need not seek.</summary>
/// <remarks>
/// <para>
/// It is a target for copies: each piece of content becomes one entry, verified while it is written; what the archive lists is
/// written by <see cref="CompleteAsync"/>. One entry is written at a time, whoever pushes; content of up to a mebibyte is
/// read and verified before its turn. Where content turns out wrong, a file is cut back and the content may be pushed again; a
/// stream that cannot seek has half an entry then, and the writer takes nothing more.
/// </para>
/// <para>
/// The same content in the same order gives the same bytes: no times, no owners. A copy keeps the order with
/// <see cref="CopyOptions.MaxConcurrency"/> 1. Manifests and indexes stay in memory until the end.
/// </para>
/// </remarks>
public sealed class ImageArchiveWriter : IImageStore, IReferrerSource, IUncheckedParents, IAsyncDisposable
{
    private const int MaxPrefetch = 1024 * 1024;
    private const int BufferSize = 256 * 1024;

    private readonly ArchiveOutput _output;
    private readonly ArchiveFile? _file;
    private readonly ImageArchiveWriterOptions _options;
    private readonly ArchiveWriterIndex _index;
    private readonly Dictionary<Digest, long> _written = [];
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1);
    private bool _isComplete;
    private bool _isEnding;

    /// <summary>Initializes a new instance over a stream.</summary>
    /// <param name="target">Where the archive goes; written from where it stands.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the writer is disposed.</param>
    public ImageArchiveWriter(Stream target, ImageArchiveWriterOptions? options = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(target);
        _options = options?.Clone() ?? new ImageArchiveWriterOptions();
        _output = new ArchiveOutput(target, _options.Compression, leaveOpen);
        _index = new ArchiveWriterIndex(_options);
    }

    private ImageArchiveWriter(ArchiveFile file, ImageArchiveWriterOptions? options)
        : this(file.Stream, options, leaveOpen: true)
    {
        _file = file;
    }

    /// <summary>Starts an archive in a file, which gets its name when it is complete; a file of that name stays until then.</summary>
    /// <param name="path">The path of the file. A pipe or a device is written as it is.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <returns>The writer; disposing it before <see cref="CompleteAsync"/> leaves nothing behind.</returns>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public static ImageArchiveWriter Create(string path, ImageArchiveWriterOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new ImageArchiveWriter(ArchiveFile.Create(path), options);
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The target failed, or has half an entry of content that was wrong.</exception>
    /// <exception cref="InvalidOperationException">The archive is complete.</exception>
    public async ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(content);
        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        if (await ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            await RememberAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
            return;
        }

        // Small content does not keep the others waiting for its source; documents are kept, however large.
        bool isDocument = ContentGraph.HasChildren(descriptor);
        byte[]? bytes = isDocument || descriptor.Size <= MaxPrefetch
            ? await ReadAsync(descriptor, content, isDocument ? DocumentOptions.DefaultMaxSize : MaxPrefetch, cancellationToken)
                .ConfigureAwait(false)
            : null;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfUnusable();
            if (await ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            if (bytes is not null)
            {
                await _output.WriteAsync(NameOf(descriptor.Digest), bytes, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await StreamAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
            }

            lock (_lock)
            {
                _written[descriptor.Digest] = descriptor.Size;
                if (isDocument)
                {
                    _index.AddDocument(descriptor, bytes!);
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new(_written.TryGetValue(descriptor.Digest, out long size) && size == descriptor.Size);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Only manifests and indexes can be read back; other content has left for the target.</remarks>
    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ReadOnlyMemory<byte>? bytes;
        lock (_lock)
        {
            bytes = _index.FindDocument(descriptor.Digest);
        }

        return bytes is not { } document ? throw ContentNotFoundException.ForDigest(descriptor.Digest, "the archive that is being written")
            : document.Length != descriptor.Size ? throw ContentVerificationException.OtherLength(descriptor, document.Length)
            : new(new ContentStream(MemoryContent.OpenRead(document), descriptor));
    }

    /// <inheritdoc/>
    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        lock (_lock)
        {
            Descriptor? found = Digest.TryParse(reference, out Digest digest) && digest.CanVerify
                ? _index.FindDescriptor(digest)
                : _index.Find(ArchiveName.Parse(reference, _options.Repository));
            return found is null
                ? throw ContentNotFoundException.ForReference(reference, "the archive that is being written")
                : new(found);
        }
    }

    /// <summary>Gives content a name in the archive: a whole one, such as <c>docker.io/library/alpine:3</c>, or a tag alone.</summary>
    /// <remarks>
    /// A whole name becomes <c>io.containerd.image.name</c>, its tag <c>org.opencontainers.image.ref.name</c>, and in
    /// <c>manifest.json</c> it is what Docker calls the image. A name that is not whole gets Docker's defaults.
    /// </remarks>
    /// <param name="descriptor">The content, usually a manifest or an index.</param>
    /// <param name="reference">The name.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the name is noted; it is written at the end.</returns>
    /// <exception cref="ContentNotFoundException">The content was not written.</exception>
    /// <exception cref="ArgumentException">The name has more than 1024 characters, or control characters, or is a digest.</exception>
    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentException.ThrowIfNullOrEmpty(reference);
        if (!ArchiveName.IsValid(reference) || (Digest.TryParse(reference, out Digest digest) && digest.CanVerify))
        {
            throw new ArgumentException($"'{Excerpt.Of(reference)}' cannot be the name of an image in an archive.", nameof(reference));
        }

        return AddAsync(descriptor, () => _index.Tag(ArchiveName.Parse(reference, _options.Repository), descriptor), cancellationToken);
    }

    /// <summary>Lists content without a name, so that whoever reads the archive finds it.</summary>
    /// <param name="descriptor">The content, usually a manifest or an index.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when it is noted; it is written at the end.</returns>
    /// <exception cref="ContentNotFoundException">The content was not written.</exception>
    public ValueTask AddRootAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return AddAsync(descriptor, () => _index.AddRoot(descriptor), cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject,
        string? artifactType = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        await Task.CompletedTask.ConfigureAwait(false);
        Descriptor[] referrers;
        lock (_lock)
        {
            referrers = [.. _index.FindReferrers(subject.Digest)];
        }

        foreach (Descriptor referrer in referrers)
        {
            if (artifactType is null || referrer.ArtifactType == artifactType)
            {
                yield return referrer;
            }
        }
    }

    /// <summary>Writes what the archive lists and its end, and gives a file its name.</summary>
    /// <param name="cancellationToken">Cancels the writing; a file does not appear then.</param>
    /// <returns>A task that ends when the archive is complete and, in a file, flushed.</returns>
    /// <exception cref="InvalidOperationException">The archive is complete already.</exception>
    /// <exception cref="IOException">
    /// The target failed, or has half an entry of content that was wrong, or half an end from an earlier call.
    /// </exception>
    /// <exception cref="NotSupportedException">The format is Docker's, and there is no image that Docker could load.</exception>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfUnusable();
            cancellationToken.ThrowIfCancellationRequested();
            IReadOnlyList<DockerManifestEntry> images = MakeDockerEntries();

            // From here on a failure leaves half an end, and a second one would list things twice.
            _isEnding = true;
            await WriteIndexesAsync(images, cancellationToken).ConfigureAwait(false);
            await _output.CompleteAsync(cancellationToken).ConfigureAwait(false);
            if (_file is not null)
            {
                await _file.CompleteAsync().ConfigureAwait(false);
            }

            _isComplete = true;
            _isEnding = false;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Closes the target, unless it stays open. A file that is not complete is removed; a file that was there before stays.</summary>
    /// <returns>A task that ends when that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        await _output.DisposeAsync().ConfigureAwait(false);
        if (_file is not null)
        {
            await _file.DisposeAsync().ConfigureAwait(false);
        }

        _turn.Dispose();
    }

    internal static string NameOf(Digest digest) => $"blobs/{digest.Algorithm}/{digest.Encoded}";

    private static async ValueTask<byte[]> ReadAsync(
        Descriptor descriptor, ReplayableContent content, int maxSize, CancellationToken cancellationToken)
    {
        ContentStream stream = ContentStream.Over(
            await content.OpenAsync(0, cancellationToken).ConfigureAwait(false), descriptor);
        await using (stream.ConfigureAwait(false))
        {
            return await stream.ReadToEndAsync(maxSize, cancellationToken).ConfigureAwait(false);
        }
    }

    // Content that was pushed as a blob before may turn out to be a document, which is kept.
    private async ValueTask RememberAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        if (!ContentGraph.HasChildren(descriptor))
        {
            return;
        }

        lock (_lock)
        {
            if (_index.FindDescriptor(descriptor.Digest)?.MediaType == descriptor.MediaType)
            {
                return;
            }
        }

        byte[] bytes = await ReadAsync(descriptor, content, DocumentOptions.DefaultMaxSize, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            _index.AddDocument(descriptor, bytes);
        }
    }

    private async ValueTask StreamAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        ContentStream stream = ContentStream.Over(
            await content.OpenAsync(0, cancellationToken).ConfigureAwait(false), descriptor);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await using (stream.ConfigureAwait(false))
            {
                await _output.WriteAsync(NameOf(descriptor.Digest), stream, descriptor.Size, buffer, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask AddAsync(Descriptor descriptor, Action add, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ThrowIfUnusable();
            if (!_written.ContainsKey(descriptor.Digest))
            {
                throw ContentNotFoundException.ForDigest(descriptor.Digest, "the archive that is being written");
            }

            add();
        }

        return default;
    }

    private IReadOnlyList<DockerManifestEntry> MakeDockerEntries()
    {
        IReadOnlyList<DockerManifestEntry> images = _options.Format == ImageArchiveFormat.Oci
            ? []
            : _index.MakeDockerEntries(_written.ContainsKey);
        if (_options.Format == ImageArchiveFormat.Docker && images.Count == 0)
        {
            throw new NotSupportedException(
                "The archive has no image that Docker could load: one with a configuration and layers, for the platform that was chosen.");
        }

        return images;
    }

    private async ValueTask WriteIndexesAsync(IReadOnlyList<DockerManifestEntry> images, CancellationToken cancellationToken)
    {
        if (_options.Format != ImageArchiveFormat.Docker)
        {
            var index = new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = _index.MakeEntries() };
            await _output.WriteAsync("index.json", OciDocument<ImageIndex>.Create(index).Bytes, cancellationToken).ConfigureAwait(false);
        }

        if (images.Count > 0)
        {
            await _output.WriteAsync(DockerManifest.FileName, DockerManifest.Write(images), cancellationToken).ConfigureAwait(false);
        }

        if (_options.Format != ImageArchiveFormat.Docker)
        {
            var header = new OciLayoutHeader { ImageLayoutVersion = OciLayoutHeader.CurrentVersion };
            await _output.WriteAsync("oci-layout", OciDocument<OciLayoutHeader>.Create(header).Bytes, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private void ThrowIfUnusable()
    {
        if (_isComplete)
        {
            throw new InvalidOperationException("The archive is complete.");
        }

        if (_isEnding)
        {
            throw new IOException("The end of the archive could not be written. Start it anew.");
        }

        if (_output.IsBroken)
        {
            throw new IOException("The archive has half an entry of content that failed, and cannot be written on. Start it anew.");
        }
    }
}
