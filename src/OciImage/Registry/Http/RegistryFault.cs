using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OciImage.Registry.Auth;

namespace OciImage.Registry.Http;

/// <summary>Makes exceptions of answers: what was asked, what was found, and with whose credential; never a secret.</summary>
internal static class RegistryFault
{
    private const int MaxReasons = 5;

    public static bool IsTransient(HttpStatusCode status) => (int)status is 408 or 429 or 500 or 502 or 503 or 504;

    public static async ValueTask<RegistryException> OfAsync(
        HttpResponseMessage response, RegistryOptions options, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = response.RequestMessage!;
        byte[] body = [];
        try
        {
            using BufferedAnswer answer = await CappedBody
                .ReadStartAsync(response, CappedBody.ErrorLimit, options.IdleTimeout, cancellationToken)
                .ConfigureAwait(false);
            body = answer.Body;
        }
        catch (RegistryException)
        {
            // The status says enough; a body that breaks off adds nothing.
        }

        (ErrorItem[] reasons, string? note) = ReadReasons(body);
        var secrets = Secrets.Of(request);
        string text = string.Join("; ", reasons.Select(reason =>
            $"{Excerpt.Of(secrets.Remove(reason.Code ?? "no code"))}: {Excerpt.Of(secrets.Remove(reason.Message ?? "no message"))}"));
        text = text.Length > 0 ? text : note is null ? "" : Excerpt.Of(secrets.Remove(note));
        string who = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? $" (asked {Credentials.AskerOf(request)})"
            : "";
        string message =
            $"'{request.Method} {OriginPolicy.Redact(request.RequestUri!)}' was answered with {(int)response.StatusCode} " +
            $"{NameOf(response.StatusCode)}{who}{(text.Length > 0 ? $": {text.TrimEnd('.')}" : "")}.";

        return new RegistryException(message)
        {
            StatusCode = response.StatusCode,
            Codes = [.. reasons.Select(reason => Excerpt.Of(secrets.Remove(reason.Code ?? ""))).Where(code => code.Length > 0)],
            RequestUri = OriginPolicy.Redacted(request.RequestUri!),
            IsTransient = IsTransient(response.StatusCode),
            RetryAfter = RetryAfter(response, options.TimeProvider),
            Transcript = Transcript.Of(request, Excerpt.Of(secrets.Remove(Encoding.UTF8.GetString(body).Trim()))),
        };
    }

    /// <summary>Makes the exception for a request that got no answer.</summary>
    public static RegistryException Unreachable(HttpRequestMessage request, Exception exception, string? certificateFault = null) => new(
        exception is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } tunnel
            ? $"'{request.Method} {OriginPolicy.Redact(request.RequestUri!)}' got no answer: the proxy makes no tunnel" +
                $"{(tunnel.StatusCode is { } status ? $" and answers {(int)status}" : "")}"
            : certificateFault is null
            ? $"'{request.Method} {OriginPolicy.Redact(request.RequestUri!)}' got no answer: {Excerpt.Of(Innermost(exception).Message)}"
            : $"The certificate of '{request.RequestUri!.Authority}' is not trusted: {certificateFault}.",
        // Its text names the proxy with its password.
        exception is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } ? null : exception)
    {
        RequestUri = OriginPolicy.Redacted(request.RequestUri!),
        IsTransient = !IsFinal(exception),
        Transcript = Transcript.Of(request),
    };

    /// <summary>Returns how long the registry asks to wait: in seconds, or until a time.</summary>
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

    // "NotFound" is "Not Found" in the protocol.
    private static string NameOf(HttpStatusCode status) => (int)status switch
    {
        302 => "Found",
        307 => "Temporary Redirect",
        _ => string.Concat(status.ToString().Select((c, i) => i > 0 && char.IsAsciiLetterUpper(c) ? $" {c}" : $"{c}")),
    };

    // The body may be the specification's JSON, another JSON, HTML, or nothing.
    private static (ErrorItem[] Reasons, string? Note) ReadReasons(byte[] body)
    {
        ErrorItem[] reasons = [];
        try
        {
            ErrorAnswer? answer = JsonSerializer.Deserialize(body, RegistryJsonContext.Default.ErrorAnswer);
            reasons = [.. answer?.Errors?.Where(reason => reason is not null).Take(MaxReasons) ?? []];
        }
        catch (JsonException)
        {
            // Then it is a note, if anything.
        }

        string text = reasons.Length > 0 ? "" : Encoding.UTF8.GetString(body).Trim();

        return (reasons, text.Length == 0 || text[0] is '<' or '\uFEFF' ? null : text);
    }
}
