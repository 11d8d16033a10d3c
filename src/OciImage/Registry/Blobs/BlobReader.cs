using System.Collections.Concurrent;
using System.Net;
using OciImage.Content;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Blobs;

/// <summary>Reads blobs of one repository, wherever they are: at a mirror, at the registry, or at the URLs of their descriptors.</summary>
internal sealed class BlobReader(RegistryTransport transport, RepositoryRouter router, RegistryOptions options)
{
    private readonly ConcurrentDictionary<Digest, bool> _forged = new();
    private readonly ForeignUrls _urls = new(transport, options);

    /// <summary>Finds a blob by its digest alone.</summary>
    public ValueTask<Descriptor> ResolveAsync(Digest digest, CancellationToken cancellationToken) => router.ReadAsync(
        RegistryCapabilities.Pull,
        async (place, isLast, token) =>
        {
            using HttpResponseMessage response = await transport.GetAsync(
                place.Host, place.Pull, root => place.Request(HttpMethod.Head, root, $"blobs/{digest}"), token, isLast)
                .ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                throw ContentNotFoundException.ForDigest(digest, place.ToString());
            }

            return response.IsSuccessStatusCode && response.Content.Headers.ContentLength is { } size
                ? new Descriptor { MediaType = "application/octet-stream", Digest = digest, Size = size }
                : throw await transport.FaultAsync(response, token).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Opens a blob as a whole.</summary>
    public async ValueTask<ContentStream> OpenAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        try
        {
            var source = new BlobSource(transport, router, descriptor, options);
            ResumingStream stream = await ResumingStream.OpenAsync(source, cancellationToken).ConfigureAwait(false);
            return new ContentStream(stream, descriptor) { Refused = () => Avoid(source) };
        }
        catch (ContentNotFoundException) when (options.FetchFromUrls && descriptor.Urls.Count > 0)
        {
            RepositoryPlace place = await router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
            if (await _urls.TryOpenAsync(place, descriptor, cancellationToken).ConfigureAwait(false) is { } foreign)
            {
                return new ContentStream(foreign, descriptor);
            }

            throw;
        }
    }

    /// <summary>Opens a part of a blob, or returns <see langword="null"/> where the place gives it as a whole only.</summary>
    public async ValueTask<UnverifiedRangeStream?> TryOpenRangeAsync(
        Descriptor descriptor, long offset, long length, CancellationToken cancellationToken)
    {
        var source = new BlobSource(transport, router, descriptor, options);
        return await source.TryOpenRangeAsync(offset, length, cancellationToken).ConfigureAwait(false) is { } stream
            ? new UnverifiedRangeStream(new RangeStream(stream, source), length)
            : null;
    }

    /// <summary>Tells once whether a mirror gave a part of what turned out wrong, so that another place is asked next time.</summary>
    public bool MayDiffer(Digest digest) => _forged.TryRemove(digest, out _);

    // The mirrors are left alone for a while, so that opening the content again asks another place.
    private void Avoid(BlobSource source)
    {
        if (source.AvoidAllThatServed())
        {
            _forged.TryAdd(source.Descriptor.Digest, true);
        }
    }
}
