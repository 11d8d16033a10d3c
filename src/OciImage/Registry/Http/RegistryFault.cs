using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OciImage.Registry.Http;

/// <summary>Makes exceptions of answers: what was asked, what was found, and with whose credential; never a secret.</summary>
internal static class RegistryFault
{
    private const int MaxReasons = 5;

    public static bool IsTransient(HttpStatusCode status) => (int)status is 408 or 429 or 500 or 502 or 503 or 504;

    public static async ValueTask<RegistryException> OfAsync(
        HttpResponseMessage response, string credential, TimeProvider time, TimeSpan idleTimeout, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = response.RequestMessage!;
        byte[] body = [];
        try
        {
            (body, _) = await CappedBody
                .ReadStartAsync(response, CappedBody.ErrorLimit, idleTimeout, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            // The status says enough; a body that breaks off adds nothing.
        }

        ErrorItem[] reasons = ReadReasons(body);
        string text = string.Join(
            "; ", reasons.Select(reason => $"{Excerpt.Of(reason.Code ?? "no code")}: {Excerpt.Of(reason.Message ?? "no message")}"));
        string who = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? $" (asked {credential})" : "";
        string message =
            $"'{request.Method} {OriginPolicy.Redact(request.RequestUri!)}' was answered with {(int)response.StatusCode} " +
            $"{response.StatusCode}{who}{(text.Length > 0 ? $": {text}" : "")}.";

        return new RegistryException(message)
        {
            StatusCode = response.StatusCode,
            Codes = [.. reasons.Select(reason => Excerpt.Of(reason.Code ?? "")).Where(code => code.Length > 0)],
            RequestUri = OriginPolicy.Redacted(request.RequestUri!),
            IsTransient = IsTransient(response.StatusCode),
            RetryAfter = RetryAfter(response, time),
        };
    }

    public static RegistryException Unreachable(HttpRequestMessage request, Exception exception) => new(
        $"'{request.Method} {OriginPolicy.Redact(request.RequestUri!)}' got no answer: {Excerpt.Of(Innermost(exception).Message)}", exception)
    {
        RequestUri = OriginPolicy.Redacted(request.RequestUri!),
        IsTransient = !IsFinal(exception),
    };

    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        TimeSpan? wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => null,
        };

        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    // A name that does not exist, a port where nobody listens and a certificate that is wrong are so a second later as well.
    private static bool IsFinal(Exception exception) =>
        exception is HttpRequestException
        {
            HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or
                HttpRequestError.ProxyTunnelError or HttpRequestError.ConfigurationLimitExceeded,
        } || Innermost(exception) is SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostNotFound };

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is not null)
        {
            exception = exception.InnerException;
        }

        return exception;
    }

    // The body may be the specification's JSON, another JSON, HTML, or nothing.
    private static ErrorItem[] ReadReasons(byte[] body)
    {
        try
        {
            ErrorAnswer? answer = JsonSerializer.Deserialize(body, RegistryJsonContext.Default.ErrorAnswer);
            return [.. answer?.Errors?.Where(reason => reason is not null).Take(MaxReasons) ?? []];
        }
        catch (JsonException)
        {
            string text = Encoding.UTF8.GetString(body).Trim();
            bool isMarkup = text.StartsWith('<');
            return text.Length == 0 || isMarkup ? [] : [new ErrorItem { Code = "no code", Message = text }];
        }
    }
}
