using System.Net;
using System.Runtime.CompilerServices;
using OciImage.Content;
using OciImage.Registry.Blobs;
using OciImage.Registry.Http;
using OciImage.Registry.Manifests;
using OciImage.Registry.Referrers;
using OciImage.Registry.Routing;
using OciImage.Registry.Uploads;

namespace OciImage.Registry;

/// <summary>One repository of a registry as an image store.</summary>
/// <remarks>
/// All members may be used by many threads at once. Manifests and indexes go to the registry's manifests by their media type,
/// all else to its blobs. Reading falls through mirrors to the registry; all else concerns the registry alone. Every member throws
/// <see cref="RegistryException"/> when the registry refuses or cannot be reached.
/// </remarks>
public sealed class RepositoryClient :
    IImageStore, IReferencePusher, IBlobMounter, IContentDeleter, IContentRangeFetcher, IReferenceLister, IReferenceUntagger,
    IReferrerSource, IAlternateSource, IOriginResolver
{
    private readonly RegistryTransport _transport;
    private readonly RepositoryRouter _router;
    private readonly RegistryOptions _options;
    private readonly ManifestReader _manifests;
    private readonly ManifestWriter _writer;
    private readonly BlobUploader _uploads;
    private readonly BlobReader _blobs;

    internal RepositoryClient(
        RegistryTransport transport, HostDirectory hosts, string registry, string repository, RegistryOptions options)
    {
        _transport = transport;
        _options = options;
        Registry = registry;
        Repository = repository;
        _router = new RepositoryRouter(hosts, registry, repository);
        _manifests = new ManifestReader(transport, _router, options);
        _writer = new ManifestWriter(transport, _manifests, options);
        _uploads = new BlobUploader(transport, _router, options);
        _blobs = new BlobReader(transport, _router, options);
    }

    /// <summary>Gets the registry as a user writes it.</summary>
    public string Registry { get; }

    /// <summary>Gets the name of the repository.</summary>
    public string Repository { get; }

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
        return await _blobs.ResolveAsync(digest, cancellationToken).ConfigureAwait(false);
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
    /// <remarks>
    /// Content that stands in the descriptor itself is taken from there. A blob that breaks off goes on where it stopped, at
    /// another place if there is one. What the registry lacks is fetched from the descriptor's URLs, without a credential,
    /// unless <see cref="RegistryOptions.FetchFromUrls"/> says otherwise.
    /// </remarks>
    public async ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        if (descriptor.TryGetVerifiedData(out ReadOnlyMemory<byte> data))
        {
            return new ContentStream(MemoryContent.OpenRead(data), descriptor);
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

        return await _blobs.OpenAsync(descriptor, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="RegistryException">The registry refuses, cannot be reached, or answers another part.</exception>
    public async ValueTask<UnverifiedRangeStream?> TryOpenRangeAsync(
        Descriptor descriptor, long offset, long length, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, descriptor.Size - offset);
        if (MediaTypes.IsManifestOrIndex(descriptor.MediaType))
        {
            return null;
        }

        if (length == 0)
        {
            return new UnverifiedRangeStream(Stream.Null, 0);
        }

        return await _blobs.TryOpenRangeAsync(descriptor, offset, length, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The registry itself is asked, not a mirror. A 403 counts as absence: some registries answer it for what is not there,
    /// and a push will tell.
    /// </remarks>
    public async ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        string kind = MediaTypes.IsManifestOrIndex(descriptor.MediaType) ? "manifests" : "blobs";
        RepositoryPlace place = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        using HttpResponseMessage response = await _transport.GetAsync(
            place.Host,
            place.Pull,
            root => ManifestReader.AcceptAll(place.Request(HttpMethod.Head, root, $"{kind}/{descriptor.Digest}")),
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
    /// <remarks>
    /// A blob goes in one request, and in chunks where the host refuses that. An upload that breaks off goes on from where
    /// the registry says it got, and begins anew where it says nothing. A manifest with a subject is also listed under the
    /// fallback tag, where the registry does not list referrers itself.
    /// </remarks>
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
        ReadOnlyMemory<byte> bytes = await ReadManifestAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
        RepositoryPlace place = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        await _writer.PutAsync(place, descriptor, bytes, reference, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a manifest or an index and lets several tags point to it: in one request where the registry knows how.</summary>
    /// <param name="descriptor">What the content is.</param>
    /// <param name="content">The content.</param>
    /// <param name="tags">The tags; none writes the manifest alone.</param>
    /// <param name="cancellationToken">Cancels the write; each tag is then either as before or as wanted.</param>
    /// <returns>A task that ends when the content and every tag are visible.</returns>
    /// <exception cref="ArgumentException">One of the tags is none.</exception>
    /// <exception cref="ContentVerificationException">The content is not what the descriptor says.</exception>
    /// <exception cref="DocumentFormatException">The descriptor's media type is none.</exception>
    public async ValueTask PushAsync(
        Descriptor descriptor,
        ReplayableContent content,
        IReadOnlyCollection<string> tags,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(tags);
        foreach (string tag in tags)
        {
            if (tag is null || !ReferenceGrammar.IsTag(tag))
            {
                throw new ArgumentException($"'{Excerpt.Of(tag ?? "null")}' is not a tag.", nameof(tags));
            }
        }

        ReadOnlyMemory<byte> bytes = await ReadManifestAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
        RepositoryPlace place = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        if (tags.Count > 1)
        {
            await _writer.PutAsync(place, descriptor, bytes, tags, cancellationToken).ConfigureAwait(false);
            return;
        }

        await _writer.PutAsync(place, descriptor, bytes, tags.FirstOrDefault() ?? descriptor.Digest.ToString(), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask TagAsync(
        Descriptor descriptor, string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        CheckReference(reference);
        RepositoryPlace place = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        if (await _manifests.TryResolveAtAsync(place, reference, cancellationToken).ConfigureAwait(false) is { } current &&
            current.Digest == descriptor.Digest)
        {
            return;
        }

        FetchedManifest found = await _manifests
            .FetchAtAsync(place, descriptor.Digest.ToString(), repeat: true, cancellationToken)
            .ConfigureAwait(false);
        await _writer.PutAsync(place, found.Descriptor, found.Bytes, reference, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Where a registry only removes manifests, the tag is moved to a manifest that nothing else names, and that one is
    /// removed: other tags of the same manifest stay.
    /// </remarks>
    /// <exception cref="ArgumentException">The reference is not a tag. A digest would remove the manifest with all its tags.</exception>
    public async ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        if (!ReferenceGrammar.IsTag(reference))
        {
            throw new ArgumentException($"'{Excerpt.Of(reference)}' is not a tag.", nameof(reference));
        }

        RepositoryPlace place = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        await new TagRemoval(_transport, _manifests, _writer, _uploads)
            .RemoveAsync(place, reference, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>A manifest with a subject is also taken off the list behind its fallback tag, where there is one.</remarks>
    public async ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        RepositoryPlace place = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        if (MediaTypes.IsManifestOrIndex(descriptor.MediaType))
        {
            await _writer.DeleteAsync(place, descriptor, cancellationToken).ConfigureAwait(false);
            return;
        }

        await _writer.DeleteBlobAsync(place, descriptor, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>The order is the registry's, which the specification asks to be lexical. What is no tag is left out.</remarks>
    public async IAsyncEnumerable<string> ListReferencesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        RepositoryPlace place = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        var pages = new Paging(_transport, place.Host, place.Pull);
        await foreach (Page page in pages.ReadAsync(root => place.Address(root, "tags/list"), cancellationToken).ConfigureAwait(false))
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
        RepositoryPlace place = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        var referrers = new ReferrersReader(_transport, place, _manifests, _options);
        await foreach (Descriptor referrer in referrers.ReadAsync(subject.Digest, artifactType, cancellationToken).ConfigureAwait(false))
        {
            yield return referrer;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Works between repositories of one registry; the credentials must allow to read the other one.</remarks>
    public async ValueTask<bool> TryMountAsync(
        Descriptor descriptor, IContentFetcher source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        if (source is not RepositoryClient other || MediaTypes.IsManifestOrIndex(descriptor.MediaType) ||
            !other.Registry.Equals(Registry, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // Where a file gives repositories other names, the registry only knows those.
        RepositoryPlace? from = await other._router.TryUpstreamAsync(cancellationToken).ConfigureAwait(false);
        RepositoryPlace to = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);

        return from is not null && from.Host.Secure == to.Host.Secure && from.Repository != to.Repository &&
            await _uploads.TryMountAsync(descriptor, from.Repository, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    bool IAlternateSource.MayDiffer(Descriptor descriptor) => _blobs.MayDiffer(descriptor.Digest);

    /// <inheritdoc/>
    async ValueTask<Descriptor> IOriginResolver.ResolveAtOriginAsync(string reference, CancellationToken cancellationToken)
    {
        CheckReference(reference);
        RepositoryPlace place = await _router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        return await _manifests.ResolveAtAsync(place, reference, repeat: true, cancellationToken).ConfigureAwait(false);
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

    private async ValueTask<ReadOnlyMemory<byte>> ReadManifestAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        CheckMediaType(descriptor);
        Stream opened = await content.OpenAsync(0, cancellationToken).ConfigureAwait(false);
        ContentStream stream = ContentStream.Over(opened, descriptor);
        await using (stream.ConfigureAwait(false))
        {
            return await stream.ReadToEndAsync(_options.Documents.MaxSize, cancellationToken).ConfigureAwait(false);
        }
    }
}
