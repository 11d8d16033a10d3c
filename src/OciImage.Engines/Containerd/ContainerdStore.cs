using System.Runtime.CompilerServices;
using OciImage.Content;
using OciImage.Engines.Protocol;

namespace OciImage.Engines;

/// <summary>The images of one namespace of a containerd, spoken to by its gRPC API over a Unix socket.</summary>
/// <remarks>
/// <para>
/// References are whole names, such as <c>docker.io/library/alpine:3.22</c> or by Docker's defaults <c>alpine</c>; with
/// <see cref="ContainerdOptions.Repository"/> they are the tags of that repository.
/// </para>
/// <para>
/// containerd collects what no image, lease or label leads to. What is pushed stands under a lease until
/// <see cref="HoldAsync"/>'s result, or this store, is disposed: tag it before. Manifests and indexes get the labels that
/// keep what they refer to, so a tagged image outlives every collection.
/// </para>
/// <para>
/// A containerd keeps only its own platform's content of an image that it pulled, so an index may lack manifests. All members may
/// be used by many threads at once.
/// </para>
/// </remarks>
public sealed partial class ContainerdStore :
    IImageStore, IContentIngester, IContentDeleter, IContentRangeFetcher, IReferenceLister, IReferenceUntagger, IReferrerSource,
    IUncheckedParents, IContentHolder, IAsyncDisposable
{
    private readonly ContainerdConnection _connection;
    private readonly ContainerdContent _content;
    private readonly ContainerdImages _images;
    private readonly ImageNames _names;
    private readonly LeaseSlot _leases;
    private readonly ContentWriter _writer;
    private readonly ContainerdReferrers _referrers;

    private ContainerdStore(ContainerdConnection connection, string version)
    {
        _connection = connection;
        _content = new ContainerdContent(connection);
        _names = new ImageNames(connection.Options.Repository);
        _images = new ContainerdImages(connection, _names);
        _leases = new LeaseSlot(connection);
        _writer = new ContentWriter(connection, _leases);
        _referrers = new ContainerdReferrers(_content, this, connection.Options.Documents);
        EngineVersion = version;
    }

    /// <summary>Gets the version that containerd says it has.</summary>
    public string EngineVersion { get; }

    /// <summary>Gets the namespace of names, labels and leases.</summary>
    public string Namespace => _connection.Options.Namespace;

    /// <summary>Connects to a containerd and asks for its version.</summary>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the connecting.</param>
    /// <returns>The store, which the caller disposes.</returns>
    /// <exception cref="EngineException">Nobody listens at the socket, this user may not connect, or what listens is no containerd.</exception>
    public static async ValueTask<ContainerdStore> ConnectAsync(
        ContainerdOptions? options = null, CancellationToken cancellationToken = default)
    {
        var connection = new ContainerdConnection(options?.Clone() ?? new ContainerdOptions());
        try
        {
            VersionResponse answer = await connection.AskAsync(
                "speak to containerd",
                call => connection.Version.VersionAsync(new Google.Protobuf.WellKnownTypes.Empty(), call),
                null,
                cancellationToken,
                connection.Options.ConnectTimeout).ConfigureAwait(false);
            return new ContainerdStore(connection, EngineText.Of(answer.Version));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Holds what is pushed, and what is found to be there, from now on: containerd collects none of it.</summary>
    /// <remarks>All holds of a store share one lease, which is deleted when the last is let go; an end of this process ends it later.</remarks>
    /// <param name="cancellationToken">Cancels the taking.</param>
    /// <returns>The hold; disposing it lets go.</returns>
    /// <exception cref="EngineException">containerd gives no lease.</exception>
    public async ValueTask<IAsyncDisposable> HoldAsync(CancellationToken cancellationToken = default) =>
        await _leases.HoldAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Holds as <see cref="HoldAsync"/> does, with a lease that is taken at the first write or look; copies call it.</summary>
    /// <returns>The hold; disposing it lets go in the background.</returns>
    public IDisposable TryHold() => _leases.Hold();

    /// <inheritdoc/>
    public async ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        await _content.RequireAsync(descriptor, cancellationToken).ConfigureAwait(false);
        return new ContentStream(new ContainerdReadStream(_connection, descriptor.Digest, 0, 0), descriptor);
    }

    /// <inheritdoc/>
    public async ValueTask<UnverifiedRangeStream?> TryOpenRangeAsync(
        Descriptor descriptor, long offset, long length, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, descriptor.Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, descriptor.Size - offset);
        await _content.RequireAsync(descriptor, cancellationToken).ConfigureAwait(false);
        return new UnverifiedRangeStream(
            length == 0 ? new MemoryStream([], writable: false) : new ContainerdReadStream(_connection, descriptor.Digest, offset, length),
            length);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        cancellationToken.ThrowIfCancellationRequested();
        if (!descriptor.Digest.CanVerify)
        {
            return false;
        }

        // Held first: what is seen after that cannot go.
        await _leases.AddAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);
        Info? info = await _content.FindAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);

        return info?.Size == descriptor.Size;
    }

    /// <summary>Writes content. It becomes visible all at once, when containerd found its size and digest to be right, or never.</summary>
    /// <remarks>
    /// What is there already is labelled as it would be when it was written. What another namespace has is taken over without reading
    /// <paramref name="content"/>. What an earlier process left is gone on with.
    /// </remarks>
    /// <param name="descriptor">What the content is.</param>
    /// <param name="content">The content.</param>
    /// <param name="cancellationToken">Cancels the write; nothing becomes visible then.</param>
    /// <returns>A task that ends when the content is visible.</returns>
    /// <exception cref="ContentVerificationException">The content is not what the descriptor says.</exception>
    /// <exception cref="DocumentFormatException">A manifest or an index is malformed: what it needs could not be kept.</exception>
    /// <exception cref="EngineException">containerd refuses the content, as it does with another digest than sha256.</exception>
    public async ValueTask PushAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(content);
        cancellationToken.ThrowIfCancellationRequested();
        if (!descriptor.Digest.CanVerify)
        {
            throw new ContentVerificationException(
                descriptor,
                $"Content '{descriptor.Digest}' cannot be verified: the algorithm '{descriptor.Digest.Algorithm}' is not sha256 or sha512.");
        }

        if (descriptor.Digest.Algorithm != Digest.Sha256)
        {
            throw _connection.Socket.Error(
                EngineErrorKind.Unsupported, $"Cannot write '{descriptor.Digest}': containerd keeps content by sha256 alone.");
        }

        await _leases.EnsureAsync(cancellationToken).ConfigureAwait(false);
        Dictionary<string, string> labels = [];
        Descriptor? subject = null;
        if (MediaTypes.IsManifest(descriptor.MediaType) || MediaTypes.IsIndex(descriptor.MediaType))
        {
            byte[] bytes = await ReadAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
            labels = ContentLabels.OfDocument(descriptor, bytes, _connection.Options.Documents, out subject);
            content = ReplayableContent.FromBytes(bytes);
        }

        await WriteAsync(descriptor, content, labels, cancellationToken).ConfigureAwait(false);
        if (subject is not null)
        {
            await _referrers.LinkAsync(subject, descriptor, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        cancellationToken.ThrowIfCancellationRequested();
        if (await _images.FindAsync(reference, cancellationToken).ConfigureAwait(false) is { } image)
        {
            return _images.ToDescriptor(image);
        }

        return Digest.TryParse(reference, out Digest digest) && digest.CanVerify &&
            await _content.FindAsync(digest, cancellationToken).ConfigureAwait(false) is { } info
                ? await _referrers.DescribeAsync(digest, info.Size, cancellationToken).ConfigureAwait(false)
                : throw ContentNotFoundException.ForReference(reference, _connection.Place);
    }

    /// <inheritdoc/>
    public async ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentException.ThrowIfNullOrEmpty(reference);
        string name = _names.ToName(reference);
        cancellationToken.ThrowIfCancellationRequested();
        if ((await _content.FindAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false))?.Size != descriptor.Size)
        {
            throw ContentNotFoundException.ForDigest(descriptor.Digest, _connection.Place);
        }

        await _images.PutAsync(name, descriptor, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes a name. What no other name, lease or label leads to goes with containerd's next collection.</summary>
    /// <param name="reference">The name or tag.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the name is gone.</returns>
    /// <exception cref="ContentNotFoundException">There is no such name here.</exception>
    public async ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        Image image = await _images.FindAsync(reference, cancellationToken).ConfigureAwait(false) ??
            throw ContentNotFoundException.ForReference(reference, _connection.Place);
        try
        {
            await _images.DeleteAsync(image.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound)
        {
            throw ContentNotFoundException.ForReference(reference, _connection.Place);
        }
    }

    /// <summary>Removes every name of this store that points to the content, and then the content, unless another image has it.</summary>
    /// <param name="descriptor">The content.</param>
    /// <param name="cancellationToken">Cancels the removal.</param>
    /// <returns>A task that ends when the names are gone.</returns>
    /// <exception cref="ContentNotFoundException">There is no such content here.</exception>
    public async ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        bool isUsed = false;
        string digest = descriptor.Digest.ToString();
        foreach (Image image in await _images.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (image.Target?.Digest != digest)
            {
                continue;
            }

            if (_names.ToReference(image.Name) is null)
            {
                isUsed = true;
                continue;
            }

            await _images.DeleteAsync(image.Name, cancellationToken).ConfigureAwait(false);
        }

        if (!isUsed)
        {
            await _content.DeleteAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListReferencesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<Image> images = await _images.ListAsync(cancellationToken).ConfigureAwait(false);
        foreach (string reference in images
            .Select(image => _names.ToReference(image.Name)).OfType<string>().Order(StringComparer.Ordinal))
        {
            yield return reference;
        }
    }

    /// <summary>Lists the manifests that were pushed here with the content as their subject.</summary>
    /// <remarks>containerd knows no referrers: the subject's labels tell those that a push linked to it, and keep them.</remarks>
    /// <param name="subject">The content that is referred to.</param>
    /// <param name="artifactType">The only artifact type wanted, or <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>Descriptors with artifact type and annotations.</returns>
    public IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject, string? artifactType = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return _referrers.ListAsync(subject, artifactType, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<ContentIngest> OpenIngestAsync(string key, CancellationToken cancellationToken = default)
    {
        IngestKey.Check(key);
        return await ContainerdIngest.OpenAsync(_connection, _leases, key, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IngestStatus?> GetIngestStatusAsync(string key, CancellationToken cancellationToken = default)
    {
        IngestKey.Check(key);
        try
        {
            StatusResponse answer = await _connection.AskAsync(
                $"ask for the ingest '{key}'",
                options => _connection.Content.StatusAsync(new StatusRequest { Ref = ContainerdIngest.ToReference(key) }, options),
                null,
                cancellationToken).ConfigureAwait(false);
            return new IngestStatus(
                key, answer.Status?.Offset ?? 0, answer.Status?.UpdatedAt?.ToDateTimeOffset() ?? DateTimeOffset.UnixEpoch);
        }
        catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Lists the namespaces of this containerd in ordinal order.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The names.</returns>
    /// <exception cref="EngineException">containerd does not tell them.</exception>
    public async ValueTask<IReadOnlyList<string>> ListNamespacesAsync(CancellationToken cancellationToken = default)
    {
        ListNamespacesResponse answer = await _connection.AskAsync(
            "list the namespaces",
            options => _connection.Namespaces.ListAsync(new ListNamespacesRequest(), options),
            null,
            cancellationToken).ConfigureAwait(false);
        return [.. answer.Namespaces.Select(item => item.Name).Order(StringComparer.Ordinal)];
    }

    /// <summary>Ends the lease of what was pushed and closes the connection.</summary>
    /// <returns>A task that ends when containerd was told, or did not answer.</returns>
    public async ValueTask DisposeAsync()
    {
        await _leases.EndAsync().ConfigureAwait(false);
        _leases.Dispose();
        _connection.Dispose();
    }

    private async Task WriteAsync(
        Descriptor descriptor, ReplayableContent content, Dictionary<string, string> labels, CancellationToken cancellationToken)
    {
        ContainerdOptions options = _connection.Options;
        var all = new Dictionary<string, string>(labels, StringComparer.Ordinal);
        ContentLabels.AddOrigin(all, options.Origin, null);
        DiffIdReader? diffId = options.ComputeDiffIds ? DiffIdReader.Start(descriptor) : null;
        try
        {
            bool isThere = await _writer.WriteAsync(descriptor, content, all, diffId, cancellationToken).ConfigureAwait(false);
            _leases.Note(descriptor.Digest);
            if (isThere)
            {
                await LabelWhatIsThereAsync(descriptor, labels, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (diffId is not null)
            {
                await diffId.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task LabelWhatIsThereAsync(
        Descriptor descriptor, Dictionary<string, string> labels, CancellationToken cancellationToken)
    {
        Info info = await _content.RequireAsync(descriptor, cancellationToken).ConfigureAwait(false);
        var changes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in labels)
        {
            if (!info.Labels.TryGetValue(key, out string? known) || known != value)
            {
                changes[key] = value;
            }
        }

        ContentLabels.AddOrigin(changes, _connection.Options.Origin, info.Labels);
        await _content.LabelAsync(
            descriptor.Digest, changes.ToDictionary(item => item.Key, item => (string?)item.Value), cancellationToken).ConfigureAwait(false);
    }

    private async Task<byte[]> ReadAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        int most = _connection.Options.Documents.MaxSize;
        if (descriptor.Size > most)
        {
            throw new DocumentFormatException($"The document '{descriptor.Digest}' has {descriptor.Size} bytes; at most {most} are read.");
        }

        var stream = new ContentStream(await content.OpenAsync(0, cancellationToken).ConfigureAwait(false), descriptor);
        await using (stream.ConfigureAwait(false))
        {
            return await stream.ReadToEndAsync(most, cancellationToken).ConfigureAwait(false);
        }
    }
}
