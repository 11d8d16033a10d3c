using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using OciImage.Registry.Auth;
using Polly;

namespace OciImage.Registry.Http;

/// <summary>Sends requests: waits its turn, authenticates, follows redirects, and asks again where that is safe.</summary>
internal sealed class RegistryTransport
{
    private const int MaxRedirects = 10;

    private readonly RegistryOptions _options;
    private readonly RequestSender _sender;
    private readonly Authenticator _authenticator;
    private readonly ResiliencePipeline<HttpResponseMessage> _retries;

    public RegistryTransport(RegistryOptions options)
    {
        _options = options;
        _sender = new RequestSender(options);
        _authenticator = new Authenticator(options, _sender.SendAsync);
        _retries = RequestRetries.Create(options);
    }

    /// <summary>Sends a request that may be repeated: asked again after transient failures.</summary>
    /// <param name="host">The registry.</param>
    /// <param name="need">What it needs to be allowed.</param>
    /// <param name="create">Makes the request for the protocol's root; called for every attempt.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <param name="repeat">Whether it is worth asking again; not where another place can be asked instead.</param>
    /// <returns>The answer, of any status; a transient one only after the last attempt. The caller disposes it.</returns>
    public ValueTask<HttpResponseMessage> GetAsync(
        RegistryHost host,
        AccessNeed need,
        Func<Uri, HttpRequestMessage> create,
        CancellationToken cancellationToken,
        bool repeat = true) =>
        RepeatAsync(host, token => SendAsync(host, need, create, waits: repeat, token), repeat, cancellationToken);

    /// <summary>Does the same, and reads the body of a success; a body that breaks off is asked for again, too.</summary>
    public async ValueTask<BufferedAnswer> ReadAsync(
        RegistryHost host,
        AccessNeed need,
        Func<Uri, HttpRequestMessage> create,
        int limit,
        CancellationToken cancellationToken,
        bool repeat = true)
    {
        BufferedAnswer? read = null;
        HttpResponseMessage last = await RepeatAsync(
            host,
            async token =>
            {
                read = null;
                HttpResponseMessage response = await SendAsync(host, need, create, waits: repeat, token).ConfigureAwait(false);
                if (!response.IsSuccessStatusCode)
                {
                    return response;
                }

                try
                {
                    read = await CappedBody.ReadStartAsync(response, limit, _options.IdleTimeout, token).ConfigureAwait(false);
                    return response;
                }
                catch
                {
                    response.Dispose();
                    throw;
                }
            },
            repeat,
            cancellationToken).ConfigureAwait(false);

        return read ?? new BufferedAnswer(last, [], limit, IsCut: false);
    }

    /// <summary>Sends a request once, authenticated where the registry asks for it.</summary>
    public ValueTask<HttpResponseMessage> SendAsync(
        RegistryHost host, AccessNeed need, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken) =>
        SendAsync(host, need, create, waits: true, cancellationToken);

    private async ValueTask<HttpResponseMessage> SendAsync(
        RegistryHost host,
        AccessNeed need,
        Func<Uri, HttpRequestMessage> create,
        bool waits,
        CancellationToken cancellationToken)
    {
        var transcript = new Transcript();
        await host.Pace.Slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // While this one waited for its turn, another may have been told to leave the host alone.
            if (!waits && (host.Pace.IsQuiet || !host.Health.IsGood))
            {
                throw new RegistryException($"'{host.Name}' is left alone after a failure.") { IsTransient = true };
            }

            DateTimeOffset started = await WaitForTurnAsync(host, cancellationToken).ConfigureAwait(false);
            HttpResponseMessage response;
            try
            {
                response = await SendOnceAsync(host, need, create, transcript, cancellationToken).ConfigureAwait(false);

                // Once, and once more where the token that was fetched turns out to be too narrow.
                for (int round = 1; round <= 2 && await TryAuthorizeAsync(
                    host, need, response, transcript, isAgain: round > 1, cancellationToken).ConfigureAwait(false); round++)
                {
                    response.Dispose();
                    response = await SendOnceAsync(host, need, create, transcript, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (RegistryException exception) when (exception.IsTransient)
            {
                // The registry's, or its token server's.
                host.Pace.Fail(started, exception.RetryAfter);
                throw;
            }

            Judge(host, response, started);
            return response;
        }
        finally
        {
            host.Pace.Slots.Release();
        }
    }

    /// <summary>Sends bytes of an upload once, whatever the answer.</summary>
    /// <returns>The answer, and whether there are better credentials now, so that sending again may succeed.</returns>
    /// <remarks>Takes no slot: its content may come from the same registry, and would wait for one.</remarks>
    public async ValueTask<(HttpResponseMessage Response, bool IsAuthorizedAnew)> UploadAsync(
        RegistryHost host, AccessNeed need, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        var transcript = new Transcript();
        DateTimeOffset started = await WaitForTurnAsync(host, cancellationToken).ConfigureAwait(false);
        try
        {
            HttpResponseMessage response = await SendOnceAsync(host, need, create, transcript, cancellationToken).ConfigureAwait(false);
            Judge(host, response, started);
            return (response, await TryAuthorizeAsync(
                host, need, response, transcript, isAgain: false, cancellationToken).ConfigureAwait(false));
        }
        catch (RegistryException exception) when (exception.IsTransient)
        {
            host.Pace.Fail(started, exception.RetryAfter);
            throw;
        }
    }

    /// <summary>Asks a place that content names, as anybody: no credential and no header of the registry's goes there.</summary>
    public ValueTask<HttpResponseMessage> GetForeignAsync(RegistryHost host, Uri address, CancellationToken cancellationToken) =>
        FollowAsync(
            host,
            null,
            new AccessNeed("", ""),
            _ => new HttpRequestMessage(HttpMethod.Get, address),
            new Transcript(),
            cancellationToken);

    /// <summary>Makes the exception for an answer that is no success.</summary>
    public ValueTask<RegistryException> FaultAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        RegistryFault.OfAsync(response, _options, cancellationToken);

    private async ValueTask<HttpResponseMessage> RepeatAsync(
        RegistryHost host,
        Func<CancellationToken, ValueTask<HttpResponseMessage>> send,
        bool repeat,
        CancellationToken cancellationToken)
    {
        if (!repeat)
        {
            return await send(cancellationToken).ConfigureAwait(false);
        }

        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            context.Properties.Set(RequestRetries.Host, host);
            return await _retries.ExecuteAsync(
                static async (context, send) => await send(context.CancellationToken).ConfigureAwait(false),
                context,
                send).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async ValueTask<DateTimeOffset> WaitForTurnAsync(RegistryHost host, CancellationToken cancellationToken)
    {
        RegistryTelemetry.Waited(host, await host.Pace.WaitAsync(cancellationToken).ConfigureAwait(false));
        return _options.TimeProvider.GetUtcNow();
    }

    private async ValueTask<bool> TryAuthorizeAsync(
        RegistryHost host,
        AccessNeed need,
        HttpResponseMessage response,
        Transcript transcript,
        bool isAgain,
        CancellationToken cancellationToken)
    {
        try
        {
            return response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden &&
                await _authenticator.TryAuthorizeAsync(host, need, response, transcript, isAgain, cancellationToken)
                    .ConfigureAwait(false);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private void Judge(RegistryHost host, HttpResponseMessage response, DateTimeOffset started)
    {
        if (RegistryFault.IsTransient(response.StatusCode))
        {
            host.Pace.Fail(started, RegistryFault.RetryAfter(response, _options.TimeProvider));
        }
        else
        {
            host.Pace.Succeed();
        }
    }

    private async ValueTask<HttpResponseMessage> SendOnceAsync(
        RegistryHost host,
        AccessNeed need,
        Func<Uri, HttpRequestMessage> create,
        Transcript transcript,
        CancellationToken cancellationToken)
    {
        if (host.IsDecided)
        {
            return await FollowAsync(host, host.Base, need, create, transcript, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            HttpResponseMessage response = await FollowAsync(host, host.Secure, need, create, transcript, cancellationToken)
                .ConfigureAwait(false);
            host.Decide(host.Secure);
            return response;
        }
        catch (RegistryException exception) when (SpeaksNoTls(host, exception))
        {
            HttpResponseMessage response = await FollowAsync(host, host.Plain, need, create, transcript, cancellationToken)
                .ConfigureAwait(false);
            host.Decide(host.Plain);
            return response;
        }
    }

    // Whoever showed a certificate speaks TLS: a bad one is an error, and never a reason to do without.
    private static bool SpeaksNoTls(RegistryHost host, RegistryException exception) =>
        !host.HasCertificate && exception.StatusCode is null && exception.InnerException is HttpRequestException failure &&
        (failure.HttpRequestError == HttpRequestError.SecureConnectionError ||
            failure.InnerException is AuthenticationException or IOException ||
            (host.Secure.IsDefaultPort && failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }));

    // Credentials and everything else that is only the registry's go to the registry's own origin and nowhere else.
    private async ValueTask<HttpResponseMessage> FollowAsync(
        RegistryHost host,
        Uri? root,
        AccessNeed need,
        Func<Uri, HttpRequestMessage> create,
        Transcript transcript,
        CancellationToken cancellationToken)
    {
        HttpRequestMessage request = create(root ?? host.Base);
        bool hasLeft = root is null;
        for (int hop = 0; ; hop++)
        {
            // Who was sent elsewhere and back is there at somebody else's word, and shows nothing.
            bool isRegistry = !hasLeft && OriginPolicy.IsSameOrigin(root!, request.RequestUri!);
            hasLeft |= !isRegistry;
            if (isRegistry)
            {
                host.AddHeaders(request);
                Authenticator.Authorize(host, need, request);
            }
            else
            {
                request.Options.Set(RegistryHost.IsStranger, true);
            }

            HttpResponseMessage response = await _sender.SendAsync(host, request, transcript, cancellationToken).ConfigureAwait(false);
            if (!isRegistry && response.StatusCode == HttpStatusCode.Unauthorized && request.Content is null)
            {
                response = await AskAsStrangerAsync(host, request, response, transcript, cancellationToken).ConfigureAwait(false);
            }

            if (!IsRedirect(request.Method, response))
            {
                return response;
            }

            Uri from = request.RequestUri!;
            string location = response.Headers.Location!.OriginalString;
            response.Dispose();
            if (request.Content is PushContent push)
            {
                await push.StopAsync(cancellationToken).ConfigureAwait(false);
            }

            Uri target = host.Policy.Resolve(from, location, "redirect");
            host.Policy.Check(from, target, "redirect");
            if (hop == MaxRedirects)
            {
                throw new RegistryException($"'{OriginPolicy.Redact(from)}' redirects more than {MaxRedirects} times.")
                {
                    RequestUri = OriginPolicy.Redacted(from),
                    Transcript = Transcript.Of(request),
                };
            }

            request = CopyFor(request, target, !hasLeft && OriginPolicy.IsSameOrigin(root!, target));
        }
    }

    // A place that the registry redirects to may want a token of its own. It gets one that is bought without a credential,
    // is good for this one request, and is kept nowhere.
    private async ValueTask<HttpResponseMessage> AskAsStrangerAsync(
        RegistryHost host,
        HttpRequestMessage request,
        HttpResponseMessage refusal,
        Transcript transcript,
        CancellationToken cancellationToken)
    {
        string? token;
        try
        {
            token = await _authenticator.TryGetStrangerTokenAsync(host, refusal, transcript, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            refusal.Dispose();
            throw;
        }

        if (token is null)
        {
            return refusal;
        }

        refusal.Dispose();
        HttpRequestMessage again = CopyFor(request, request.RequestUri!, isRegistry: false);
        again.Options.Set(RegistryHost.IsStranger, true);
        again.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");

        return await _sender.SendAsync(host, again, transcript, cancellationToken).ConfigureAwait(false);
    }

    // 301 to 303 turn what writes into a GET, which would look like a success of something else.
    private static bool IsRedirect(HttpMethod method, HttpResponseMessage response) =>
        response.Headers.Location is not null && (int)response.StatusCode is var status &&
        (status is 307 or 308 || (status is 301 or 302 or 303 && (method == HttpMethod.Get || method == HttpMethod.Head)));

    private static HttpRequestMessage CopyFor(HttpRequestMessage request, Uri target, bool isRegistry)
    {
        var copy = new HttpRequestMessage(request.Method, target) { Content = request.Content };
        foreach ((string name, IEnumerable<string> values) in request.Headers)
        {
            if (isRegistry || name is "Accept" or "Range")
            {
                copy.Headers.TryAddWithoutValidation(name, values);
            }
        }

        copy.Headers.Authorization = null;
        return copy;
    }
}
