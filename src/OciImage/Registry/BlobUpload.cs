using System.Net;
using OciImage.Content;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;

namespace OciImage.Registry;

/// <summary>Uploads blobs: a session, then all bytes in one request. A session never sees the same bytes twice.</summary>
internal sealed class BlobUpload(RegistryTransport transport, RegistryHost host, AccessNeed push, RegistryOptions options)
{
    private const int MaxAttempts = 3;

    private static readonly TimeSpan CancelTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    public async ValueTask PushAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        bool isLast = false;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                // A token may end while a large blob is on its way: then once more, with a new one and in a new session.
                if (await TryPushAsync(descriptor, content, isLast, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }

                isLast = true;
            }
            catch (RegistryException exception) when (exception.IsTransient && attempt < MaxAttempts && options.MaxRetries > 0)
            {
                await Task.Delay(RetryDelay * attempt, options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Asks the registry to take a blob over from another repository; returns whether it did.</summary>
    public async ValueTask<bool> TryMountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken)
    {
        AccessNeed need = push with { MountFrom = from };
        string query = $"?mount={Uri.EscapeDataString(descriptor.Digest.ToString())}&from={Uri.EscapeDataString(from)}";
        try
        {
            using HttpResponseMessage response = await StartAsync(need, query, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.Accepted && response.Headers.Location is not null)
            {
                await CancelAsync(LocationOf(response)).ConfigureAwait(false);
            }

            return response.StatusCode == HttpStatusCode.Created;
        }
        catch (RegistryException)
        {
            // The blob can still be pushed, and a refusal that matters will come again.
            return false;
        }
    }

    // Returns whether the blob is there now; otherwise another session may succeed.
    private async ValueTask<bool> TryPushAsync(
        Descriptor descriptor, ReplayableContent content, bool isLast, CancellationToken cancellationToken)
    {
        Uri session = await OpenSessionAsync(descriptor, cancellationToken).ConfigureAwait(false);
        bool isPushed = false;
        try
        {
            Uri target = WithDigest(session, descriptor.Digest);
            (HttpResponseMessage response, bool isAuthorizedAnew) = await transport.UploadAsync(
                host,
                push,
                _ => new HttpRequestMessage(HttpMethod.Put, target) { Content = new PushContent(descriptor, content) },
                cancellationToken).ConfigureAwait(false);
            using (response)
            {
                isPushed = response.IsSuccessStatusCode;
                return isPushed || (isAuthorizedAnew && !isLast)
                    ? isPushed
                    : throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (!isPushed)
            {
                await CancelAsync(session).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<Uri> OpenSessionAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        // Where the algorithm is not the usual one, a registry needs to know it before the bytes come.
        string query = descriptor.Digest.Algorithm == Digest.Sha256 ? "" : $"?digest-algorithm={descriptor.Digest.Algorithm}";
        using HttpResponseMessage response = await StartAsync(push, query, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }

        return response.Headers.Location is not null
            ? LocationOf(response)
            : throw new RegistryException($"'{host.Name}' started an upload without saying where.")
            {
                StatusCode = response.StatusCode,
                RequestUri = OriginPolicy.Redacted(response.RequestMessage!.RequestUri!),
            };
    }

    // Some registries refuse a POST without a length, even where there is no body.
    private ValueTask<HttpResponseMessage> StartAsync(AccessNeed need, string query, CancellationToken cancellationToken) =>
        transport.SendAsync(
            host,
            need,
            address =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, $"v2/{push.Repository}/blobs/uploads/{query}"))
                {
                    Content = new ByteArrayContent([]),
                };
                request.Content.Headers.ContentLength = 0;
                return request;
            },
            cancellationToken);

    private Uri LocationOf(HttpResponseMessage response)
    {
        Uri request = response.RequestMessage!.RequestUri!;
        Uri target = host.Policy.Resolve(request, response.Headers.Location!.OriginalString, "upload location");
        host.Policy.Check(request, target, "upload location");

        return target;
    }

    // The address is used to the letter: its query may be signed.
    private Uri WithDigest(Uri session, Digest digest)
    {
        string text = session.AbsoluteUri;
        string separator = text.Contains('?', StringComparison.Ordinal) ? "&" : "?";

        return host.Policy.Resolve(session, $"{text}{separator}digest={Uri.EscapeDataString(digest.ToString())}", "upload location");
    }

    // What is left of a session costs the registry space; whether it listens does not matter here.
    private async ValueTask CancelAsync(Uri session)
    {
        using var limit = new CancellationTokenSource(CancelTimeout, options.TimeProvider);
        try
        {
            using HttpResponseMessage response = await transport.SendAsync(
                host, push, _ => new HttpRequestMessage(HttpMethod.Delete, session), limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OciException or OperationCanceledException or NotSupportedException)
        {
            return;
        }
    }
}
