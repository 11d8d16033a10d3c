using System.Net;
using System.Runtime.CompilerServices;
using OciImage.Content;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;

namespace OciImage.Registry;

/// <summary>One repository of a registry as an image store.</summary>
/// <remarks>
/// All members may be used by many threads at once. Manifests and indexes go to the registry's manifests by their media type,
/// all else to its blobs. Every member throws <see cref="RegistryException"/> when the registry refuses or cannot be reached.
/// </remarks>
public sealed class RepositoryClient :
    IImageStore, IReferencePusher, IBlobMounter, IContentDeleter, IReferenceLister, IReferenceUntagger, IReferrerSource
{
    private readonly RegistryTransport _transport;
    private readonly RegistryHost _host;
    private readonly RegistryOptions _options;
    private readonly AccessNeed _pull;
    private readonly AccessNeed _push;
    private readonly AccessNeed _delete;
    private readonly ManifestReader _manifests;
    private readonly BlobUpload _uploads;

    internal RepositoryClient(RegistryTransport transport, RegistryHost host, string repository, RegistryOptions options)
    {
        _transport = transport;
        _host = host;
        _options = options;
        Repository = repository;
        _pull = new AccessNeed(repository, AccessNeed.Pull);
        _push = new AccessNeed(repository, AccessNeed.Push);
        _delete = new AccessNeed(repository, AccessNeed.Delete);
        _manifests = new ManifestReader(transport, host, _pull, options);
        _uploads = new BlobUpload(transport, host, _push, options);
    }

    /// <summary>Gets the registry as a user writes it.</summary>
    public string Registry => _host.Name;

    /// <summary>Gets the name of the repository.</summary>
    public string Repository { get; }

    private string Place => $"{Registry}/{Repository}";

    /// <inheritdoc/>
    public async ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        CheckReference(reference);
        return await _manifests.ResolveAsync(reference, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds a blob by its digest alone.</summary>
    /// <param name="digest">The digest.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>A descriptor of no particular type, with the size that the registry says.</returns>
    /// <exception cref="ContentNotFoundException">There is no such blob.</exception>
    public async ValueTask<Descriptor> ResolveBlobAsync(Digest digest, CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage response = await _transport.GetAsync(
            _host,
            _pull,
            address => new HttpRequestMessage(HttpMethod.Head, new Uri(address, $"v2/{Repository}/blobs/{digest}")),
            cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw ContentNotFoundException.ForDigest(digest, Place);
        }

        return response.IsSuccessStatusCode && response.Content.Headers.ContentLength is { } size
            ? new Descriptor { MediaType = "application/octet-stream", Digest = digest, Size = size }
            : throw await _transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Fetches a manifest or an index as a whole.</summary>
    /// <param name="reference">A tag, or a digest as text.</param>
    /// <param name="cancellationToken">Cancels the fetch.</param>
    /// <returns>The descriptor of the bytes, and the bytes; verified where a digest was asked for.</returns>
    /// <exception cref="ContentNotFoundException">There is no such manifest.</exception>
    /// <exception cref="ContentVerificationException">The bytes have another digest than the one asked for.</exception>
    /// <exception cref="DocumentFormatException">The document is larger than allowed.</exception>
    public async ValueTask<(Descriptor Descriptor, ReadOnlyMemory<byte> Bytes)> FetchManifestAsync(
        string reference, CancellationToken cancellationToken = default)
    {
        CheckReference(reference);
        return await _manifests.FetchAsync(reference, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        if (MediaTypes.IsManifestOrIndex(descriptor.MediaType))
        {
            (Descriptor found, ReadOnlyMemory<byte> bytes) = await _manifests
                .FetchAsync(descriptor.Digest.ToString(), cancellationToken)
                .ConfigureAwait(false);
            return found.Size == descriptor.Size
                ? new ContentStream(MemoryContent.OpenRead(bytes), descriptor)
                : throw ContentVerificationException.OtherLength(descriptor, found.Size);
        }

        var source = new BlobSource(_transport, _host, _pull, descriptor, _options);
        return new ContentStream(await ResumingStream.OpenAsync(source, cancellationToken).ConfigureAwait(false), descriptor);
    }

    /// <inheritdoc/>
    /// <remarks>A 403 counts as absence: some registries answer it for what is not there, and a push will tell.</remarks>
    public async ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        string kind = MediaTypes.IsManifestOrIndex(descriptor.MediaType) ? "manifests" : "blobs";
        using HttpResponseMessage response = await _transport.GetAsync(
            _host,
            _pull,
            address =>
            {
                var request = new HttpRequestMessage(HttpMethod.Head, new Uri(address, $"v2/{Repository}/{kind}/{descriptor.Digest}"));
                ManifestReader.AcceptAll(request);
                return request;
            },
            cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response.Content.Headers.ContentLength is not { } length || length == descriptor.Size;
        }

        return response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden
            ? false
            : throw await _transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(content);
        if (MediaTypes.IsManifestOrIndex(descriptor.MediaType))
        {
            await PushAsync(descriptor, content, descriptor.Digest.ToString(), cancellationToken).ConfigureAwait(false);
            return;
        }

        await _uploads.PushAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="DocumentFormatException">The descriptor's media type is none.</exception>
    public async ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(content);
        CheckReference(reference);
        CheckMediaType(descriptor);
        Stream opened = await content.OpenAsync(0, cancellationToken).ConfigureAwait(false);
        byte[] bytes;
        ContentStream stream = ContentStream.Over(opened, descriptor);
        await using (stream.ConfigureAwait(false))
        {
            bytes = await stream.ReadToEndAsync(_options.Documents.MaxSize, cancellationToken).ConfigureAwait(false);
        }

        // A manifest under its digest or a tag is the same however often it is put.
        using HttpResponseMessage response = await _transport.GetAsync(
            _host,
            _push,
            address =>
            {
                var request = new HttpRequestMessage(HttpMethod.Put, new Uri(address, $"v2/{Repository}/manifests/{reference}"))
                {
                    Content = new ByteArrayContent(bytes),
                };
                request.Content.Headers.TryAddWithoutValidation("Content-Type", descriptor.MediaType);
                return request;
            },
            cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await _transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask TagAsync(
        Descriptor descriptor, string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        CheckReference(reference);
        if (await _manifests.TryResolveAsync(reference, cancellationToken).ConfigureAwait(false) is { } current &&
            current.Digest == descriptor.Digest)
        {
            return;
        }

        (Descriptor found, ReadOnlyMemory<byte> bytes) = await _manifests
            .FetchAsync(descriptor.Digest.ToString(), cancellationToken)
            .ConfigureAwait(false);
        await PushAsync(found, ReplayableContent.FromBytes(bytes), reference, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>Not every registry can remove a tag without its manifest; one that cannot answers 400 or 405.</remarks>
    public ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default)
    {
        CheckReference(reference);
        return DeleteAsync(
            $"manifests/{reference}", () => ContentNotFoundException.ForReference(reference, Place), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        string kind = MediaTypes.IsManifestOrIndex(descriptor.MediaType) ? "manifests" : "blobs";
        return DeleteAsync(
            $"{kind}/{descriptor.Digest}", () => ContentNotFoundException.ForDigest(descriptor.Digest, Place), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>The order is the registry's, which the specification asks to be lexical. What is no tag is left out.</remarks>
    public async IAsyncEnumerable<string> ListReferencesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var pages = new Paging(_transport, _host, _pull);
        await foreach (Page page in pages.ReadAsync($"v2/{Repository}/tags/list", cancellationToken).ConfigureAwait(false))
        {
            TagList list = CappedBody.ParseJson(page.Body, page.Address, RegistryJsonContext.Default.TagList);
            foreach (string tag in (list.Tags ?? []).Where(tag => tag is not null && ReferenceGrammar.IsTag(tag)))
            {
                yield return tag;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Where the registry has no referrers API, the fallback tag is read (distribution-spec 1.1.1, "Unavailable Referrers API").</remarks>
    public async IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject,
        string? artifactType = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var referrers = new ReferrersReader(_transport, _host, _pull, _manifests, _options);
        await foreach (Descriptor referrer in referrers.ReadAsync(subject.Digest, cancellationToken).ConfigureAwait(false))
        {
            if (artifactType is null || referrer.ArtifactType == artifactType)
            {
                yield return referrer;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Works between repositories of one registry; the credentials must allow to read the other one.</remarks>
    public async ValueTask<bool> TryMountAsync(
        Descriptor descriptor, IContentFetcher source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return source is RepositoryClient other && other.Repository != Repository &&
            other.Registry.Equals(Registry, StringComparison.OrdinalIgnoreCase) &&
            !MediaTypes.IsManifestOrIndex(descriptor.MediaType) &&
            await _uploads.TryMountAsync(descriptor, other.Repository, cancellationToken).ConfigureAwait(false);
    }

    private static void CheckReference(string reference)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        if (!ReferenceGrammar.IsTag(reference) && !Digest.TryParse(reference, out _))
        {
            throw new ArgumentException($"'{Excerpt.Of(reference)}' is neither a tag nor a digest.", nameof(reference));
        }
    }

    // It becomes a header as it is, and may come from somebody else's index.
    private static void CheckMediaType(Descriptor descriptor)
    {
        if (descriptor.MediaType.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new DocumentFormatException(
                $"Content '{descriptor.Digest}' has the media type '{Excerpt.Of(descriptor.MediaType)}', which is none.");
        }
    }

    private async ValueTask DeleteAsync(string path, Func<ContentNotFoundException> missing, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _transport.SendAsync(
            _host,
            _delete,
            address => new HttpRequestMessage(HttpMethod.Delete, new Uri(address, $"v2/{Repository}/{path}")),
            cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw response.StatusCode == HttpStatusCode.NotFound
                ? missing()
                : await _transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }
    }
}
