using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Grpc.Net.Client;
using OciImage.Engines.Protocol;

namespace OciImage.Engines;

/// <summary>A connection to a containerd: its services, with time limits on every answer and errors that say what to do.</summary>
/// <remarks>All members may be used by many threads at once.</remarks>
internal sealed class ContainerdConnection : IDisposable
{
    // containerd's own limit, in both directions.
    private const int MaxMessageSize = 16 * 1024 * 1024;
    private const string NamespaceHeader = "containerd-namespace";
    private const string LeaseHeader = "containerd-lease";

    private readonly GrpcChannel _channel;

    [SuppressMessage("Reliability", "CA2000", Justification = "The channel disposes the handler.")]
    public ContainerdConnection(ContainerdOptions options)
    {
        Options = options;
        Socket = new EngineSocket("containerd", options.Address, ContainerdOptions.AddressVariable);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellationToken) => Socket.ConnectAsync(cancellationToken),
            ConnectTimeout = options.ConnectTimeout,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            // A namespace's content moves in a few streams at once; one connection has room for all.
            EnableMultipleHttp2Connections = true,
        };
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageSize,
            MaxSendMessageSize = MaxMessageSize,
            MaxRetryAttempts = null,
            ThrowOperationCanceledOnCancellation = true,
        });
        CallInvoker invoker = _channel.CreateCallInvoker();
        Content = new Protocol.Content.ContentClient(invoker);
        Images = new Protocol.Images.ImagesClient(invoker);
        Leases = new Protocol.Leases.LeasesClient(invoker);
        Namespaces = new Protocol.Namespaces.NamespacesClient(invoker);
        Version = new Protocol.Version.VersionClient(invoker);
    }

    public ContainerdOptions Options { get; }

    public EngineSocket Socket { get; }

    public Protocol.Content.ContentClient Content { get; }

    public Protocol.Images.ImagesClient Images { get; }

    public Protocol.Leases.LeasesClient Leases { get; }

    public Protocol.Namespaces.NamespacesClient Namespaces { get; }

    public Protocol.Version.VersionClient Version { get; }

    /// <summary>Gets the place as a user would name it.</summary>
    public string Place => $"containerd, namespace {Options.Namespace}";

    /// <summary>Returns what every call carries.</summary>
    public CallOptions With(string? lease, CancellationToken cancellationToken)
    {
        var headers = new Metadata { { NamespaceHeader, Options.Namespace } };
        if (lease is not null)
        {
            headers.Add(LeaseHeader, lease);
        }

        return new CallOptions(headers, cancellationToken: cancellationToken);
    }

    /// <summary>Asks a question that has one answer.</summary>
    /// <param name="action">What is tried, as it follows "Cannot".</param>
    /// <param name="call">Sends the question.</param>
    /// <param name="lease">The lease that holds what is touched, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <param name="limit">How long the answer may take, or <see langword="null"/> for what is usual.</param>
    /// <exception cref="EngineException">containerd does not answer, or refuses.</exception>
    public async Task<T> AskAsync<T>(
        string action, Func<CallOptions, AsyncUnaryCall<T>> call, string? lease, CancellationToken cancellationToken, TimeSpan? limit = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan time = limit ?? Options.Timeout;
        using var timer = new CancellationTokenSource(time, Options.TimeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            using AsyncUnaryCall<T> answer = call(With(lease, linked.Token));
            return await answer.ResponseAsync.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException)
        {
            throw Translate(action, exception, time, timer.IsCancellationRequested, cancellationToken);
        }
    }

    /// <summary>Turns what a call threw into what a caller shall see.</summary>
    public Exception Translate(
        string action, Exception exception, TimeSpan limit, bool isLate, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException(cancellationToken);
        }

        if (isLate || exception is OperationCanceledException or RpcException { StatusCode: StatusCode.DeadlineExceeded })
        {
            return Socket.NoAnswer(action, limit, exception);
        }

        return exception is RpcException failure ? Translate(action, failure) : exception;
    }

    public void Dispose() => _channel.Dispose();

    private EngineException Translate(string action, RpcException failure)
    {
        // The status came from this side: nobody listens, or what listens is no containerd.
        if (failure.Status.DebugException is { } cause)
        {
            for (Exception? inner = cause; inner is not null; inner = inner.InnerException)
            {
                if (inner is EngineException refused)
                {
                    return refused;
                }
            }

            bool isBroken = cause is IOException or HttpRequestException { InnerException: IOException };
            return Socket.Error(
                isBroken ? EngineErrorKind.Unreachable : EngineErrorKind.InvalidAnswer,
                $"Cannot {action}: {(isBroken ? "the connection to" : "no gRPC of containerd is spoken at")} '{Socket.Path}'" +
                $"{(isBroken ? " broke" : "")}: {EngineText.Of(cause.Message)}",
                failure);
        }

        string said = EngineText.Of(failure.Status.Detail);
        EngineErrorKind kind = failure.StatusCode switch
        {
            StatusCode.NotFound => EngineErrorKind.NotFound,
            StatusCode.AlreadyExists => EngineErrorKind.AlreadyExists,
            StatusCode.PermissionDenied or StatusCode.Unauthenticated => EngineErrorKind.NotPermitted,
            StatusCode.Unavailable or StatusCode.Aborted => EngineErrorKind.Busy,
            StatusCode.FailedPrecondition when IsLocked(said) => EngineErrorKind.Busy,
            StatusCode.FailedPrecondition or StatusCode.OutOfRange => EngineErrorKind.Conflict,
            StatusCode.Unimplemented or StatusCode.InvalidArgument => EngineErrorKind.Unsupported,
            StatusCode.ResourceExhausted when failure.Status.Detail.StartsWith("Received message", StringComparison.Ordinal) =>
                EngineErrorKind.InvalidAnswer,
            _ => EngineErrorKind.Failed,
        };

        return Socket.Error(kind, $"Cannot {action}: containerd at '{Socket.Path}' says '{said}' ({failure.StatusCode}).", failure);
    }

    private static bool IsLocked(string said) => said.Contains("lock", StringComparison.OrdinalIgnoreCase);
}
