using System.Net;
using OciImage.Content;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;

namespace OciImage.Registry;

/// <summary>Uploads blobs: a session, then all bytes in one request. A session is never used twice.</summary>
internal sealed class BlobUpload(RegistryTransport transport, RegistryHost host, AccessNeed push, RegistryOptions options)
{
    private const int MaxAttempts = 3;

    public async ValueTask PushAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await PushOnceAsync(descriptor, content, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RegistryException exception) when (exception.IsTransient && attempt < MaxAttempts && options.MaxRetries > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200 * attempt), options.TimeProvider, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    /// <summary>Asks the registry to take a blob over from another repository; returns whether it did.</summary>
    public async ValueTask<bool> TryMountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken)
    {
        AccessNeed need = push with { MountFrom = from };
        using HttpResponseMessage response = await SendAsync(
            need,
            HttpMethod.Post,
            address => new Uri(address, $"v2/{push.Repository}/blobs/uploads/?mount={Uri.EscapeDataString(descriptor.Digest.ToString())}&from={Uri.EscapeDataString(from)}"),
            cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Accepted && response.Headers.Location is not null)
        {
            await CancelAsync(LocationOf(response)).ConfigureAwait(false);
        }

        // Whatever else it says, the blob can still be pushed, and a refusal that matters will come again.
        return response.StatusCode == HttpStatusCode.Created;
    }

    private async ValueTask PushOnceAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        Uri session;
        using (HttpResponseMessage response = await SendAsync(
            push,
            HttpMethod.Post,
            address => new Uri(address, $"v2/{push.Repository}/blobs/uploads/"),
            cancellationToken).ConfigureAwait(false))
        {
            if (response.StatusCode is not (HttpStatusCode.Accepted or HttpStatusCode.Created or HttpStatusCode.OK) ||
                response.Headers.Location is null)
            {
                throw response.IsSuccessStatusCode
                    ? new RegistryException($"'{host.Name}' started an upload without saying where.") { StatusCode = response.StatusCode }
                    : await transport.FaultAsync(host, push, response, cancellationToken).ConfigureAwait(false);
            }

            session = LocationOf(response);
        }

        try
        {
            Uri target = WithDigest(session, descriptor.Digest);
            using HttpResponseMessage response = await transport.SendAsync(
                host,
                push,
                _ => new HttpRequestMessage(HttpMethod.Put, target) { Content = new PushContent(descriptor, content) },
                cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw await transport.FaultAsync(host, push, response, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await CancelAsync(session).ConfigureAwait(false);
            throw;
        }
    }

    private ValueTask<HttpResponseMessage> SendAsync(
        AccessNeed need, HttpMethod method, Func<Uri, Uri> path, CancellationToken cancellationToken) =>
        transport.SendAsync(
            host,
            need,
            address =>
            {
                var request = new HttpRequestMessage(method, path(address)) { Content = new ByteArrayContent([]) };
                request.Content.Headers.ContentLength = 0;
                return request;
            },
            cancellationToken);

    private Uri LocationOf(HttpResponseMessage response)
    {
        Uri request = response.RequestMessage!.RequestUri!;
        Uri target = OriginPolicy.Resolve(request, response.Headers.Location!.OriginalString, "upload location");
        OriginPolicy.Check(host.Base, target, "upload location", host.Privacy);

        return target;
    }

    // The address is used to the letter: its query may be signed.
    private static Uri WithDigest(Uri session, Digest digest)
    {
        string text = session.OriginalString.Contains("://", StringComparison.Ordinal) ? session.OriginalString : session.AbsoluteUri;
        int fragment = text.IndexOf('#', StringComparison.Ordinal);
        text = fragment < 0 ? text : text[..fragment];

        return new Uri($"{text}{(text.Contains('?', StringComparison.Ordinal) ? '&' : '?')}digest={Uri.EscapeDataString(digest.ToString())}");
    }

    // What is left of a session costs the registry space; whether it listens does not matter here.
    private async ValueTask CancelAsync(Uri session)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), options.TimeProvider);
        try
        {
            using HttpResponseMessage response = await transport.SendAsync(
                host, push, _ => new HttpRequestMessage(HttpMethod.Delete, session), limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OciException or OperationCanceledException)
        {
            return;
        }
    }
}
