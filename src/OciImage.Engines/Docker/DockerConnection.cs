using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OciImage.Engines;

/// <summary>Speaks HTTP with a Docker Engine over its socket: with time limits, bounded answers, and errors that say what to do.</summary>
internal sealed class DockerConnection : IDisposable
{
    private const int MaxErrorSize = 64 * 1024;
    private const int MaxAnswerSize = 32 * 1024 * 1024;

    private readonly HttpClient _client;

    [SuppressMessage("Reliability", "CA2000", Justification = "The client disposes the handler.")]
    public DockerConnection(DockerEngineOptions options)
    {
        Options = options;
        Socket = new EngineSocket("Docker", options.Address, DockerEngineOptions.AddressVariable);
        _client = new HttpClient(
            new SocketsHttpHandler
            {
                ConnectCallback = async (context, cancellationToken) =>
                {
                    var stream = new EarlyAnswerStream(await Socket.ConnectAsync(cancellationToken).ConfigureAwait(false));
                    (context.InitialRequestMessage.Content as IWatchedContent)?.Connect(stream);
                    return stream;
                },
                ConnectTimeout = options.ConnectTimeout,
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                // A connection that broke while it was idle would fail a load that cannot be sent again.
                PooledConnectionLifetime = TimeSpan.Zero,
            })
        {
            BaseAddress = new Uri("http://localhost/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public DockerEngineOptions Options { get; }

    public EngineSocket Socket { get; }

    /// <summary>Gets the place as a user would name it.</summary>
    public string Place => $"Docker at {Socket.Path}";

    /// <summary>Sends a request and returns the answer when its head is there and says that all is well.</summary>
    /// <param name="action">What is tried, as it follows "Cannot".</param>
    /// <param name="request">The request, disposed by this call.</param>
    /// <param name="limit">How long the head may take after the last byte was sent.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<HttpResponseMessage> SendAsync(
        string action, HttpRequestMessage request, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var watch = new IdleWatch(limit, Options.TimeProvider, cancellationToken);
        (request.Content as IWatchedContent)?.Watch(watch);
        HttpResponseMessage answer;
        try
        {
            using (request)
            {
                answer = await _client
                    .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, watch.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            throw Translate(action, exception, limit, cancellationToken);
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw await ReadRefusalAsync(action, answer, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks a question whose answer is one JSON document.</summary>
    public async Task<T> AskAsync<T>(string action, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await SendAsync(
            action, new HttpRequestMessage(HttpMethod.Get, path), Options.Timeout, cancellationToken).ConfigureAwait(false);
        byte[] bytes = await ReadAsync(action, answer, MaxAnswerSize, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw NotJson(action, null);
        }
        catch (JsonException exception)
        {
            throw NotJson(action, exception);
        }
    }

    /// <summary>Opens an answer's body; a part that does not come in time ends it.</summary>
    public async Task<Stream> OpenBodyAsync(string action, HttpResponseMessage answer, CancellationToken cancellationToken) =>
        new DockerBodyStream(this, action, await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));

    public Exception Translate(string action, Exception exception, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException(cancellationToken);
        }

        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is OciException)
            {
                return cause;
            }
        }

        if (exception is OperationCanceledException)
        {
            return Socket.NoAnswer(action, limit, exception);
        }

        bool isBroken = exception is IOException or HttpRequestException
        {
            HttpRequestError: HttpRequestError.ResponseEnded or HttpRequestError.ConnectionError or HttpRequestError.Unknown,
        };
        return Socket.Error(
            isBroken ? EngineErrorKind.Unreachable : EngineErrorKind.InvalidAnswer,
            $"Cannot {action}: {(isBroken ? "the connection to" : "no HTTP of Docker is spoken at")} '{Socket.Path}'" +
            $"{(isBroken ? " broke" : "")}: {EngineText.Of(exception.Message)}",
            exception);
    }

    public EngineException NotJson(string action, Exception? cause) => Socket.Error(
        EngineErrorKind.InvalidAnswer, $"Cannot {action}: what Docker at '{Socket.Path}' answered is not the JSON that was expected.", cause);

    public void Dispose() => _client.Dispose();

    private async Task<EngineException> ReadRefusalAsync(string action, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        string said;
        try
        {
            byte[] body = await ReadAsync(action, answer, MaxErrorSize, cancellationToken).ConfigureAwait(false);
            said = ReadMessage(body);
        }
        catch (EngineException)
        {
            said = answer.ReasonPhrase ?? "";
        }

        EngineErrorKind kind = answer.StatusCode switch
        {
            HttpStatusCode.NotFound => EngineErrorKind.NotFound,
            HttpStatusCode.Conflict => EngineErrorKind.Conflict,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => EngineErrorKind.NotPermitted,
            HttpStatusCode.NotImplemented or HttpStatusCode.BadRequest => EngineErrorKind.Unsupported,
            HttpStatusCode.ServiceUnavailable => EngineErrorKind.Busy,
            >= HttpStatusCode.InternalServerError => EngineErrorKind.Failed,
            _ => EngineErrorKind.InvalidAnswer,
        };
        return Socket.Error(
            kind, $"Cannot {action}: Docker at '{Socket.Path}' says '{EngineText.Of(said)}' ({(int)answer.StatusCode}).");
    }

    private static string ReadMessage(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, DockerJsonContext.Default.DockerFault)?.Message ?? Encoding.UTF8.GetString(body);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(body);
        }
    }

    private async Task<byte[]> ReadAsync(string action, HttpResponseMessage answer, int most, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        Stream body = await OpenBodyAsync(action, answer, cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            int count;
            while ((count = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (bytes.Length + count > most)
                {
                    throw Socket.Error(
                        EngineErrorKind.InvalidAnswer, $"Cannot {action}: Docker at '{Socket.Path}' answered more than {most} bytes.");
                }

                bytes.Write(buffer, 0, count);
            }
        }

        return bytes.ToArray();
    }
}
