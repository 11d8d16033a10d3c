using System.Net;
using System.Security.Authentication;
using OciImage.Registry.Auth;
using Polly;
using Polly.Retry;

namespace OciImage.Registry.Http;

/// <summary>Sends requests: waits its turn, authenticates, follows redirects, and asks again where that is safe.</summary>
internal sealed class RegistryTransport : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly HttpMessageInvoker _invoker;
    private readonly RegistryOptions _options;
    private readonly Authenticator _authenticator;
    private readonly ResiliencePipeline<HttpResponseMessage> _retries;

    public RegistryTransport(RegistryOptions options)
    {
        _options = options;
        _invoker = options.Handler is { } handler
            ? new HttpMessageInvoker(handler, disposeHandler: false)
            : new HttpMessageInvoker(HandlerFactory.Create(options), disposeHandler: true);
        _authenticator = new Authenticator(options, SendAnonymouslyAsync);
        _retries = CreateRetries(options);
    }

    /// <summary>Sends a request that changes nothing: asked again after transient failures.</summary>
    /// <param name="host">The registry.</param>
    /// <param name="need">What it needs to be allowed.</param>
    /// <param name="create">Makes the request for the registry's address; called for every attempt.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The answer, of any status that is not transient; the caller disposes it.</returns>
    public async ValueTask<HttpResponseMessage> GetAsync(
        RegistryHost host, AccessNeed need, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        return await _retries.ExecuteAsync(
            async token => await SendAsync(host, need, create, token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
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
            if (response.StatusCode == HttpStatusCode.Unauthorized &&
                await _authenticator.TryAuthorizeAsync(host, need, response, cancellationToken).ConfigureAwait(false))
            {
                response.Dispose();
                response = await SendOnceAsync(host, need, create, cancellationToken).ConfigureAwait(false);
            }

            if (RegistryFault.RetryAfter(response, _options.TimeProvider) is { } wait &&
                RegistryFault.IsTransient(response.StatusCode))
            {
                host.KeepQuiet(wait < _options.MaxRetryAfter ? wait : _options.MaxRetryAfter);
            }

            return response;
        }
        finally
        {
            host.Slots.Release();
        }
    }

    /// <summary>Makes the exception for an answer that is no success.</summary>
    public async ValueTask<RegistryException> FaultAsync(
        RegistryHost host, AccessNeed need, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string credential = await _authenticator.DescribeAsync(host, need, cancellationToken).ConfigureAwait(false);
        return await RegistryFault
            .OfAsync(response, credential, _options.TimeProvider, _options.IdleTimeout, cancellationToken)
            .ConfigureAwait(false);
    }

    public void Dispose() => _invoker.Dispose();

    private async ValueTask<HttpResponseMessage> SendOnceAsync(
        RegistryHost host, AccessNeed need, Func<Uri, HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        if (host.IsDecided)
        {
            return await FollowAsync(host, need, create(host.Base), cancellationToken).ConfigureAwait(false);
        }

        try
        {
            HttpResponseMessage response = await FollowAsync(host, need, create(host.Secure), cancellationToken)
                .ConfigureAwait(false);
            host.IsDecided = true;
            return response;
        }
        catch (RegistryException exception) when (exception.StatusCode is null && SpeaksNoTls(exception))
        {
            HttpResponseMessage response = await FollowAsync(host, need, create(host.Plain), cancellationToken)
                .ConfigureAwait(false);
            host.Base = host.Plain;
            host.IsDecided = true;
            return response;
        }
    }

    private static bool SpeaksNoTls(Exception exception) =>
        exception.InnerException is HttpRequestException { InnerException: AuthenticationException or IOException } or
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError };

    // Credentials and everything else that is only the registry's go to the registry's own origin and nowhere else.
    private async ValueTask<HttpResponseMessage> FollowAsync(
        RegistryHost host, AccessNeed need, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Uri registry = new(request.RequestUri!.GetLeftPart(UriPartial.Authority));
        if (host.IsDecided)
        {
            registry = host.Base;
        }

        for (int hop = 0; ; hop++)
        {
            bool isRegistry = OriginPolicy.IsSameOrigin(registry, request.RequestUri!);
            if (isRegistry)
            {
                request.Headers.Authorization = _authenticator.TryGetHeader(host, need);
            }

            HttpResponseMessage response = await SendToAsync(host, request, cancellationToken).ConfigureAwait(false);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is null ||
                request.Content is not null || request.Method != HttpMethod.Get && request.Method != HttpMethod.Head)
            {
                return response;
            }

            Uri target = OriginPolicy.Resolve(request.RequestUri!, response.Headers.Location.OriginalString, "redirect");
            response.Dispose();
            if (hop == MaxRedirects)
            {
                throw new RegistryException($"'{OriginPolicy.Redact(request.RequestUri!)}' redirects more than {MaxRedirects} times.")
                {
                    RequestUri = OriginPolicy.Redacted(request.RequestUri!),
                };
            }

            OriginPolicy.Check(request.RequestUri!, target, "redirect", host.Privacy);
            request = CopyFor(request, target, OriginPolicy.IsSameOrigin(registry, target));
        }
    }

    private static HttpRequestMessage CopyFor(HttpRequestMessage request, Uri target, bool isRegistry)
    {
        var copy = new HttpRequestMessage(request.Method, target);
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

    private Task<HttpResponseMessage> SendAnonymouslyAsync(
        RegistryHost host, HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendToAsync(host, request, cancellationToken).AsTask();

    private async ValueTask<HttpResponseMessage> SendToAsync(
        RegistryHost host, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Options.Set(HandlerFactory.Host, host);
        request.Headers.UserAgent.Clear();
        request.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        request.Version = HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher;

        // A body takes as long as it takes; without one, headers have to come.
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (request.Content is null)
        {
            timer.CancelAfter(_options.IdleTimeout);
        }

        try
        {
            HttpResponseMessage response = await _invoker.SendAsync(request, timer.Token).ConfigureAwait(false);
            response.RequestMessage ??= request;
            return response;
        }
        catch (Exception exception) when (FindOwn(exception) is { } own)
        {
            throw own;
        }
        catch (Exception exception) when (request.Content is PushContent { Failure: OciException failure } && exception is not OciException)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            throw;
        }
        catch (Exception exception) when (
            exception is HttpRequestException or IOException ||
            (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
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
