using System.Net;
using OciImage.Content;
using OciImage.Registry.Http;
using OciImage.Registry.Manifests;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Referrers;

/// <summary>Keeps the list of referrers behind the fallback tag of a subject, where the registry keeps none itself.</summary>
internal sealed class ReferrersWriter(RegistryTransport transport, ManifestReader manifests, RegistryOptions options)
{
    private const int MaxAttempts = 6;

    /// <summary>Adds a manifest to the list of its subject.</summary>
    public ValueTask AddAsync(RepositoryPlace place, Referrer referrer, CancellationToken cancellationToken) =>
        ChangeAsync(place, referrer.Subject, new ReferrerChange(referrer.Descriptor, isRemoval: false), cancellationToken);

    /// <summary>Takes a manifest that is no longer there off the list of its subject.</summary>
    public ValueTask RemoveAsync(RepositoryPlace place, Referrer referrer, CancellationToken cancellationToken) =>
        ChangeAsync(place, referrer.Subject, new ReferrerChange(referrer.Descriptor, isRemoval: true), cancellationToken);

    private static IReadOnlyList<Descriptor> Apply(IReadOnlyList<Descriptor> listed, IReadOnlyList<ReferrerChange> changes)
    {
        var result = new List<Descriptor>(listed);
        foreach (ReferrerChange change in changes)
        {
            int known = result.FindIndex(entry => entry.Digest == change.Referrer.Digest);
            if (change.IsRemoval)
            {
                result.RemoveAll(entry => entry.Digest == change.Referrer.Digest);
            }
            else if (known < 0)
            {
                result.Add(change.Referrer);
            }
            else if (result[known].ArtifactType != change.Referrer.ArtifactType || result[known].Annotations.Count == 0)
            {
                // Others list referrers without what the specification asks for.
                result[known] = change.Referrer;
            }
        }

        return result.SequenceEqual(listed) ? listed : result;
    }

    private ValueTask ChangeAsync(
        RepositoryPlace place, Digest subject, ReferrerChange change, CancellationToken cancellationToken)
    {
        string tag = FallbackTag.Of(subject);
        return place.Host.Knowledge.ReferrersUpdates.RunAsync(
            $"{place.Repository}:{tag}",
            change,
            (changes, token) => WriteAsync(place, tag, changes, token),
            cancellationToken);
    }

    private async ValueTask WriteAsync(
        RepositoryPlace place, string tag, IReadOnlyList<ReferrerChange> changes, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            FetchedManifest? current = await TryFetchAsync(place, tag, cancellationToken).ConfigureAwait(false);
            ImageIndex index = current is null
                ? new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = [] }
                : IndexOf(place, tag, current);
            IReadOnlyList<Descriptor> entries = Apply(index.Manifests, changes);
            if (ReferenceEquals(entries, index.Manifests))
            {
                return;
            }

            var list = OciDocument<ImageIndex>.Create(index with { Manifests = entries });
            using HttpResponseMessage response = entries.Count == 0
                ? await DeleteAsync(place, tag, list, current!, cancellationToken).ConfigureAwait(false)
                : await PutAsync(place, tag, list, current, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode || (entries.Count == 0 && response.StatusCode == HttpStatusCode.NotFound))
            {
                return;
            }

            // Somebody else wrote between the look and the change.
            if (response.StatusCode != HttpStatusCode.PreconditionFailed || attempt == MaxAttempts)
            {
                throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<FetchedManifest?> TryFetchAsync(RepositoryPlace place, string tag, CancellationToken cancellationToken)
    {
        try
        {
            return await manifests.FetchAtAsync(place, tag, repeat: true, cancellationToken).ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
            return null;
        }
    }

    private ImageIndex IndexOf(RepositoryPlace place, string tag, FetchedManifest current) =>
        current.Descriptor.MediaType == MediaTypes.ImageIndex
            ? OciDocument<ImageIndex>.Parse(current.Bytes, MediaTypes.ImageIndex, options.Documents).Value
            : throw new RegistryException(
                $"The tag '{tag}' of '{place}' is to list referrers, but names a '{Excerpt.Of(current.Descriptor.MediaType)}'; it is left as it is.");

    private ValueTask<HttpResponseMessage> PutAsync(
        RepositoryPlace place,
        string tag,
        OciDocument<ImageIndex> index,
        FetchedManifest? current,
        CancellationToken cancellationToken) => transport.GetAsync(
            place.Host,
            place.Push,
            root =>
            {
                HttpRequestMessage request = place.Request(HttpMethod.Put, root, $"manifests/{tag}");
                request.Content = new ByteArrayContent(index.Bytes.ToArray());
                request.Content.Headers.TryAddWithoutValidation("Content-Type", MediaTypes.ImageIndex);

                // A registry that gives marks checks them; another one does not look (RFC 9110, section 13.1).
                if (current is null)
                {
                    request.Headers.TryAddWithoutValidation("If-None-Match", "*");
                }
                else if (current.ETag is { } mark)
                {
                    request.Headers.TryAddWithoutValidation("If-Match", mark);
                }

                return request;
            },
            cancellationToken);

    // An empty list is no list, unless the registry cannot remove a tag alone: its index may have other tags.
    private async ValueTask<HttpResponseMessage> DeleteAsync(
        RepositoryPlace place,
        string tag,
        OciDocument<ImageIndex> empty,
        FetchedManifest current,
        CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await SendDeleteAsync(place, tag, current.ETag, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode is not (HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed))
        {
            return response;
        }

        response.Dispose();
        return await PutAsync(place, tag, empty, current, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<HttpResponseMessage> SendDeleteAsync(
        RepositoryPlace place, string reference, string? mark, CancellationToken cancellationToken) => transport.GetAsync(
            place.Host,
            place.Delete,
            root =>
            {
                HttpRequestMessage request = place.Request(HttpMethod.Delete, root, $"manifests/{reference}");
                if (mark is not null)
                {
                    request.Headers.TryAddWithoutValidation("If-Match", mark);
                }

                return request;
            },
            cancellationToken);
}
