using System.Net;
using System.Net.Http.Headers;
using OciImage.Content;
using OciImage.Registry.Http;
using OciImage.Registry.Referrers;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Manifests;

/// <summary>Writes and removes manifests, and keeps the lists of referrers that the registry does not keep itself.</summary>
internal sealed class ManifestWriter(RegistryTransport transport, ManifestReader manifests, RegistryOptions options)
{
    private readonly ReferrersWriter _referrers = new(transport, manifests, options);

    /// <summary>Puts a manifest under its digest or a tag.</summary>
    public async ValueTask PutAsync(
        RepositoryPlace place, Descriptor descriptor, ReadOnlyMemory<byte> bytes, string reference, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(place, descriptor, bytes, reference, cancellationToken)
            .ConfigureAwait(false);
        await FinishAsync(place, descriptor, bytes, response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts a manifest under several tags: in one request where the registry knows how, else one after another.</summary>
    public async ValueTask PutAsync(
        RepositoryPlace place,
        Descriptor descriptor,
        ReadOnlyMemory<byte> bytes,
        IReadOnlyCollection<string> tags,
        CancellationToken cancellationToken)
    {
        string query = string.Join('&', tags.Select(tag => $"tag={Uri.EscapeDataString(tag)}"));
        var left = new List<string>(tags);
        using (HttpResponseMessage response = await SendAsync(
            place, descriptor, bytes, $"{descriptor.Digest}?{query}", cancellationToken).ConfigureAwait(false))
        {
            await FinishAsync(place, descriptor, bytes, response, cancellationToken).ConfigureAwait(false);
            if (response.Headers.NonValidated.TryGetValues("OCI-Tag", out HeaderStringValues values))
            {
                foreach (string tag in values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)))
                {
                    left.Remove(tag);
                }
            }
        }

        foreach (string tag in left)
        {
            await PutAsync(place, descriptor, bytes, tag, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes a manifest, and takes it off its subject's list.</summary>
    public async ValueTask DeleteAsync(RepositoryPlace place, Descriptor descriptor, CancellationToken cancellationToken)
    {
        // Whose referrer it is, only its bytes tell, and only as long as it is there.
        Referrer? referrer = null;
        if (place.Host.Knowledge.HasReferrersApi != true)
        {
            FetchedManifest fetched = await manifests
                .FetchAtAsync(place, descriptor.Digest.ToString(), repeat: true, cancellationToken)
                .ConfigureAwait(false);
            referrer = Referrer.Find(fetched.Descriptor, fetched.Bytes);
        }

        using (HttpResponseMessage response = await SendDeleteAsync(place, $"manifests/{descriptor.Digest}", cancellationToken)
            .ConfigureAwait(false))
        {
            await CheckDeletedAsync(
                place, response, () => ContentNotFoundException.ForDigest(descriptor.Digest, place.ToString()), cancellationToken)
                .ConfigureAwait(false);
        }

        if (referrer is not null)
        {
            await _referrers.RemoveAsync(place, referrer, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes a blob.</summary>
    public async ValueTask DeleteBlobAsync(RepositoryPlace place, Descriptor descriptor, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendDeleteAsync(place, $"blobs/{descriptor.Digest}", cancellationToken)
            .ConfigureAwait(false);
        await CheckDeletedAsync(
            place, response, () => ContentNotFoundException.ForDigest(descriptor.Digest, place.ToString()), cancellationToken)
            .ConfigureAwait(false);
    }

    public ValueTask<HttpResponseMessage> SendDeleteAsync(
        RepositoryPlace place, string path, CancellationToken cancellationToken) => transport.SendAsync(
            place.Host, place.Delete, root => place.Request(HttpMethod.Delete, root, path), cancellationToken);

    public async ValueTask CheckDeletedAsync(
        RepositoryPlace place,
        HttpResponseMessage response,
        Func<ContentNotFoundException> missing,
        CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw response.StatusCode == HttpStatusCode.NotFound
                ? missing()
                : await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }
    }

    // A manifest under its digest or a tag is the same however often it is put, so a failure is asked again.
    private ValueTask<HttpResponseMessage> SendAsync(
        RepositoryPlace place,
        Descriptor descriptor,
        ReadOnlyMemory<byte> bytes,
        string reference,
        CancellationToken cancellationToken) => transport.GetAsync(
            place.Host,
            place.Push,
            root =>
            {
                HttpRequestMessage request = place.Request(HttpMethod.Put, root, $"manifests/{reference}");
                request.Content = new ReadOnlyMemoryContent(bytes);
                request.Content.Headers.TryAddWithoutValidation("Content-Type", descriptor.MediaType);
                return request;
            },
            cancellationToken);

    private async ValueTask FinishAsync(
        RepositoryPlace place,
        Descriptor descriptor,
        ReadOnlyMemory<byte> bytes,
        HttpResponseMessage response,
        CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }

        // A registry that lists referrers itself names the subject in its answer (distribution-spec 1.1.1, "Pushing Manifests with Subject").
        if (response.Headers.NonValidated.Contains("OCI-Subject"))
        {
            place.Host.Knowledge.HasReferrersApi = true;
        }
        else if (Referrer.Find(descriptor, bytes) is { } referrer)
        {
            await _referrers.AddAsync(place, referrer, cancellationToken).ConfigureAwait(false);
        }
    }
}
