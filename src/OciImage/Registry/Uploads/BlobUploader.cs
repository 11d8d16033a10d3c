using System.Collections.Concurrent;
using System.Net;
using OciImage.Content;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Uploads;

/// <summary>Brings blobs into a repository: by a mount, or by an upload that survives what happens on the way.</summary>
internal sealed class BlobUploader(RegistryTransport transport, RepositoryRouter router, RegistryOptions options)
{
    private const int MaxKeptSessions = 100;

    private static readonly TimeSpan CancelTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Digest, UploadSession> _started = new();
    private volatile bool _skipsMount;

    public async ValueTask PushAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        RepositoryPlace place = await router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        using var activity = RegistryTelemetry.StartTransfer("registry.push", place.ToString(), descriptor);
        var body = new UploadBody(descriptor, content);
        await using (body.ConfigureAwait(false))
        {
            var run = new UploadRun(transport, place, body, lost => CancelAsync(place, lost), options);
            if (_started.TryRemove(descriptor.Digest, out UploadSession? started))
            {
                run.Session = started;
            }

            bool isDone = false;
            try
            {
                await run.RunAsync(token => StartAsync(place, descriptor, token), cancellationToken).ConfigureAwait(false);
                isDone = true;
            }
            finally
            {
                await run.StopAsync().ConfigureAwait(false);
                if (!isDone && run.Session is { } session)
                {
                    await CancelAsync(place, session).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Asks the registry to take a blob over from another repository; returns whether it did.</summary>
    /// <remarks>Where it starts an upload instead, the push that follows uses that.</remarks>
    public async ValueTask<bool> TryMountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken)
    {
        RepositoryPlace place = await router.UpstreamAsync(cancellationToken).ConfigureAwait(false);
        AccessNeed need = place.Push with { MountFrom = from };
        string query = $"?mount={Uri.EscapeDataString(descriptor.Digest.ToString())}&from={Uri.EscapeDataString(from)}" +
            (descriptor.Digest.Algorithm == Digest.Sha256 ? "" : $"&digest-algorithm={descriptor.Digest.Algorithm}");
        try
        {
            using HttpResponseMessage response = await PostAsync(place, need, query, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.Accepted && UploadSession.Of(place, response) is { } session &&
                (_started.Count >= MaxKeptSessions || !_started.TryAdd(descriptor.Digest, session)))
            {
                await CancelAsync(place, session).ConfigureAwait(false);
            }

            return response.StatusCode == HttpStatusCode.Created;
        }
        catch (RegistryException)
        {
            // The blob can still be pushed, and a refusal that matters will come again.
            return false;
        }
    }

    // Null where the registry had the blob in some other repository, and took it from there.
    private async ValueTask<UploadSession?> StartAsync(
        RepositoryPlace place, Descriptor descriptor, CancellationToken cancellationToken)
    {
        // Where the algorithm is not the usual one, a registry needs to know it before the bytes come.
        string algorithm = descriptor.Digest.Algorithm == Digest.Sha256 ? "" : $"digest-algorithm={descriptor.Digest.Algorithm}";
        if (!place.Host.Knowledge.RefusesAnonymousMount && !_skipsMount && descriptor.Size > 0)
        {
            string query = $"?mount={Uri.EscapeDataString(descriptor.Digest.ToString())}" +
                (algorithm.Length > 0 ? $"&{algorithm}" : "");
            using HttpResponseMessage response = await PostAsync(place, place.Push, query, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.Created)
            {
                return null;
            }

            if (response.IsSuccessStatusCode)
            {
                return SessionOf(place, response);
            }

            // Some registries do not know a mount without a source; whether that was it shows without the mount.
            if ((int)response.StatusCode is not (400 or 403 or 404 or 405 or 415 or 422 or 500 or 501))
            {
                _skipsMount = _skipsMount || RegistryFault.IsTransient(response.StatusCode);
                throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
            }
        }

        using HttpResponseMessage plain = await PostAsync(
            place, place.Push, algorithm.Length > 0 ? $"?{algorithm}" : "", cancellationToken).ConfigureAwait(false);
        if (!plain.IsSuccessStatusCode)
        {
            throw await transport.FaultAsync(plain, cancellationToken).ConfigureAwait(false);
        }

        place.Host.Knowledge.RefusesAnonymousMount = true;
        return SessionOf(place, plain);
    }

    private static UploadSession SessionOf(RepositoryPlace place, HttpResponseMessage response) =>
        UploadSession.Of(place, response) ??
        throw new RegistryException($"'{place.Host.Name}' started an upload without saying where.")
        {
            StatusCode = response.StatusCode,
            RequestUri = OriginPolicy.Redacted(response.RequestMessage!.RequestUri!),
            Transcript = Transcript.Of(response.RequestMessage),
        };

    // Some registries refuse a POST without a length, even where there is no body.
    private ValueTask<HttpResponseMessage> PostAsync(
        RepositoryPlace place, AccessNeed need, string query, CancellationToken cancellationToken) => transport.SendAsync(
            place.Host,
            need,
            root =>
            {
                HttpRequestMessage request = place.Request(HttpMethod.Post, root, $"blobs/uploads/{query}");
                request.Content = new ByteArrayContent([]);
                request.Content.Headers.ContentLength = 0;
                return request;
            },
            cancellationToken);

    // What is left of a session costs the registry space; whether it listens does not matter here.
    private async ValueTask CancelAsync(RepositoryPlace place, UploadSession session)
    {
        using var limit = new CancellationTokenSource(CancelTimeout, options.TimeProvider);
        try
        {
            using HttpResponseMessage response = await transport.SendAsync(
                place.Host, place.Push, _ => new HttpRequestMessage(HttpMethod.Delete, session.Location), limit.Token)
                .ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is, a provider's trouble with its file included: the failure that counts is on its way.
        catch (Exception)
#pragma warning restore CA1031
        {
            return;
        }
    }
}
