using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Security.Authentication;
using OciImage.Registry.Auth;
using Polly;
using Polly.Retry;

namespace OciImage.Registry.Http;

/// <summary>Sends requests: waits its turn, authenticates, follows redirects, and asks again where that is safe.</summary>
internal sealed class RegistryTransport
{
    private const int MaxRedirects = 10;

    // A registry may look at all of an upload before it answers, and says nothing meanwhile.
    private const int CommitFactor = 10;

    private readonly RegistryOptions _options;
    private readonly Authenticator _authenticator;
    private readonly ResiliencePipeline<HttpResponseMessage> _retries;

    public RegistryTransport(RegistryOptions options)
    {
        _options = options;
        _authenticator = new Authenticator(options, SendToAsync);
        _retries = CreateRetries(options);
    }

    /// <summary>Sends a request that may be repeated: asked again after transient failures.</summary>
    /// <param name="host">The registry.</param>
    /// <param name="need">What it needs to be allowed.</param>
    /// <param name="create">Makes the request for the registry's address; called for every attempt.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The answer, of any status; a transient one only after the last attempt. The caller disposes it.</returns>
    public async ValueTask<HttpResponseMessage> GetAsync(
        RegistryHost host, AccessNeed need, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        return await _retries.ExecuteAsync(
            async token => await SendAsync(host, need, create, token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Does the same, and reads the body of a success; a body that breaks off is asked for again, too.</summary>
    public async ValueTask<BufferedAnswer> ReadAsync(
        RegistryHost host,
        AccessNeed need,
        Func<Uri, HttpRequestMessage> create,
        int limit,
        CancellationToken cancellationToken)
    {
        BufferedAnswer? read = null;
        HttpResponseMessage last = await _retries.ExecuteAsync(
            async token =>
            {
                read = null;
                HttpResponseMessage response = await SendAsync(host, need, create, token).ConfigureAwait(false);
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
            cancellationToken).ConfigureAwait(false);

        return read ?? new BufferedAnswer(last, [], limit, IsCut: false);
    }

    /// <summary>Sends a request once, authenticated where the registry asks for it.</summary>
    public async ValueTask<HttpResponseMessage> SendAsync(
        RegistryHost host, AccessNeed need, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        await host.Slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await host.WaitForQuietToEndAsync(cancellationToken).ConfigureAwait(false);
            HttpResponseMessage response = await SendOnceAsync(host, need, create, cancellationToken).ConfigureAwait(false);
            if (await TryAuthorizeAsync(host, need, response, cancellationToken).ConfigureAwait(false))
            {
                response.Dispose();
                response = await SendOnceAsync(host, need, create, cancellationToken).ConfigureAwait(false);
            }

            KeepQuietAfter(host, response);
            return response;
        }
        finally
        {
            host.Slots.Release();
        }
    }

    /// <summary>Sends the bytes of an upload once, whatever the answer.</summary>
    /// <returns>The answer, and whether there are better credentials now, so that another upload may succeed.</returns>
    /// <remarks>Takes no slot: its content may come from the same registry, and would wait for one.</remarks>
    public async ValueTask<(HttpResponseMessage Response, bool IsAuthorizedAnew)> UploadAsync(
        RegistryHost host, AccessNeed need, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        await host.WaitForQuietToEndAsync(cancellationToken).ConfigureAwait(false);
        HttpResponseMessage response = await SendOnceAsync(host, need, create, cancellationToken).ConfigureAwait(false);
        KeepQuietAfter(host, response);

        return (response, await TryAuthorizeAsync(host, need, response, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Makes the exception for an answer that is no success.</summary>
    public ValueTask<RegistryException> FaultAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        RegistryFault.OfAsync(response, _options, cancellationToken);

    private async ValueTask<bool> TryAuthorizeAsync(
        RegistryHost host, AccessNeed need, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return response.StatusCode == HttpStatusCode.Unauthorized &&
                await _authenticator.TryAuthorizeAsync(host, need, response, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private void KeepQuietAfter(RegistryHost host, HttpResponseMessage response)
    {
        if (RegistryFault.IsTransient(response.StatusCode) &&
            RegistryFault.RetryAfter(response, _options.TimeProvider) is { } wait)
        {
            host.KeepQuiet(wait < _options.MaxRetryAfter ? wait : _options.MaxRetryAfter);
        }
    }

    private async ValueTask<HttpResponseMessage> SendOnceAsync(
        RegistryHost host, AccessNeed need, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        if (host.IsDecided)
        {
            return await FollowAsync(host, host.Base, need, create, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            HttpResponseMessage response = await FollowAsync(host, host.Secure, need, create, cancellationToken)
                .ConfigureAwait(false);
            host.Decide(host.Secure);
            return response;
        }
        catch (RegistryException exception) when (SpeaksNoTls(host, exception))
        {
            HttpResponseMessage response = await FollowAsync(host, host.Plain, need, create, cancellationToken)
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
        RegistryHost host, Uri registry, AccessNeed need, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = create(registry);
        for (int hop = 0; ; hop++)
        {
            if (OriginPolicy.IsSameOrigin(registry, request.RequestUri!))
            {
                Authenticator.Authorize(host, need, request);
            }

            HttpResponseMessage response = await SendToAsync(host, request, cancellationToken).ConfigureAwait(false);
            if (!IsRedirect(request.Method, response))
            {
                return response;
            }

            Uri from = request.RequestUri!;
            string location = response.Headers.Location!.OriginalString;
            response.Dispose();
            Uri target = host.Policy.Resolve(from, location, "redirect");
            host.Policy.Check(from, target, "redirect");
            if (hop == MaxRedirects)
            {
                throw new RegistryException($"'{OriginPolicy.Redact(from)}' redirects more than {MaxRedirects} times.")
                {
                    RequestUri = OriginPolicy.Redacted(from),
                };
            }

            request = CopyFor(request, target, OriginPolicy.IsSameOrigin(registry, target));
        }
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

    private async ValueTask<HttpResponseMessage> SendToAsync(
        RegistryHost host, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.UserAgent.Clear();
        request.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        request.Headers.AcceptEncoding.Clear();
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Version = HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher;
        using var timer = new ProgressTimer(_options.IdleTimeout, cancellationToken);
        var push = request.Content as PushContent;
        push?.Progress = isLast => timer.Restart(isLast ? CommitFactor * _options.IdleTimeout : _options.IdleTimeout);
        try
        {
            HttpResponseMessage response = await host.Invoker.SendAsync(request, timer.Token).ConfigureAwait(false);
            response.RequestMessage ??= request;
            return response;
        }
        catch (Exception exception) when (FindOwn(exception) is { } own)
        {
            ExceptionDispatchInfo.Throw(own);
            throw;
        }
        catch (Exception) when (push?.Failure is { } failure and not OperationCanceledException)
        {
            ExceptionDispatchInfo.Throw(failure);
            throw;
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            throw RegistryFault.Unreachable(request, exception);
        }
    }

    private static RegistryException? FindOwn(Exception exception)
    {
        for (Exception? current = exception; current is not null; current = current.InnerException)
        {
            if (current is RegistryException own)
            {
                return own;
            }
        }

        return null;
    }

    private static ResiliencePipeline<HttpResponseMessage> CreateRetries(RegistryOptions options)
    {
        if (options.MaxRetries == 0)
        {
            return ResiliencePipeline<HttpResponseMessage>.Empty;
        }

        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = options.TimeProvider };
        return builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
        {
            MaxRetryAttempts = options.MaxRetries,
            Delay = TimeSpan.FromMilliseconds(500),
            MaxDelay = TimeSpan.FromSeconds(30),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = static arguments => new(
                arguments.Outcome.Exception is RegistryException { IsTransient: true } ||
                (arguments.Outcome.Result is { } response && RegistryFault.IsTransient(response.StatusCode))),
            OnRetry = static arguments =>
            {
                arguments.Outcome.Result?.Dispose();
                return default;
            },
        }).Build();
    }
}
