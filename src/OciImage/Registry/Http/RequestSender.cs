using System.Diagnostics;
using System.Net;
using System.Runtime.ExceptionServices;

namespace OciImage.Registry.Http;

/// <summary>Sends one request to one address: as every request is to look, with its time limit, its count and its record.</summary>
internal sealed class RequestSender(RegistryOptions options)
{
    // A registry may look at all of an upload before it answers, and says nothing meanwhile.
    private const int CommitFactor = 10;

    private readonly AnswerNotes _notes = new(options);

    public async ValueTask<HttpResponseMessage> SendAsync(
        RegistryHost host, HttpRequestMessage request, Transcript transcript, CancellationToken cancellationToken)
    {
        Prepare(request, transcript);
        using var timer = new ProgressTimer(host.AnswerTimeout, cancellationToken);
        var push = request.Content as PushContent;
        push?.Progress = state => timer.Restart(state switch
        {
            // Who waits for the source does not wait for the registry.
            PushState.Reading => Timeout.InfiniteTimeSpan,
            PushState.Writing => options.IdleTimeout,
            _ => CommitFactor * options.IdleTimeout,
        });
        using Activity? activity = RegistryTelemetry.StartRequest(host, request);
        try
        {
            HttpResponseMessage response = await host.InvokerFor(request).SendAsync(request, timer.Token).ConfigureAwait(false);
            response.RequestMessage ??= request;
            transcript.Add(request, response, null);
            RegistryTelemetry.EndRequest(activity, host, request, response);
            _notes.Read(host, response);

            return response;
        }
        catch (Exception exception)
        {
            transcript.Add(request, null, FailureOf(exception));
            RegistryTelemetry.FailRequest(activity, host, request, exception);
            Exception told = Translate(host, request, push, exception, cancellationToken);
            ExceptionDispatchInfo.Throw(told);
            throw;
        }
    }

    private static string FailureOf(Exception exception) =>
        exception is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError }
            ? "the proxy makes no tunnel"
            : exception.Message;

    private void Prepare(HttpRequestMessage request, Transcript transcript)
    {
        request.Options.Set(Transcript.Key, transcript);
        request.Headers.UserAgent.Clear();
        request.Headers.TryAddWithoutValidation("User-Agent", options.UserAgent);
        request.Headers.AcceptEncoding.Clear();
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");

        // Not higher: another port that an answer names for HTTP/3 would be dialled without a look at its address.
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
    }

    // Our own exceptions pass through the transport inside of its own.
    private static Exception Translate(
        RegistryHost host,
        HttpRequestMessage request,
        PushContent? push,
        Exception exception,
        CancellationToken cancellationToken)
    {
        if (FindOwn(exception) is { } own)
        {
            return own;
        }

        if (push?.Failure is { } failure and not OperationCanceledException)
        {
            return failure;
        }

        return exception switch
        {
            OperationCanceledException when cancellationToken.IsCancellationRequested =>
                new OperationCanceledException(exception.Message, exception, cancellationToken),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } when
                OriginPolicy.IsSameOrigin(request.RequestUri!, host.Secure) =>
                RegistryFault.Unreachable(request, exception, host.CertificateFault),
            HttpRequestException or IOException or OperationCanceledException => RegistryFault.Unreachable(request, exception),
            _ => exception,
        };
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
}
