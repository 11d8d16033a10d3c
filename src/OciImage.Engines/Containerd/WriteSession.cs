using Google.Protobuf;
using Grpc.Core;
using OciImage.Engines.Protocol;

namespace OciImage.Engines;

/// <summary>One stream that writes content under a reference, which containerd locks for it. Every message has one answer.</summary>
/// <remarks>An instance is used by one caller at a time. A failed or cancelled exchange ends the stream; the bytes taken in stay.</remarks>
internal sealed class WriteSession : IDisposable
{
    private readonly ContainerdConnection _connection;
    private readonly CancellationTokenSource _ending;
    private readonly AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> _call;
    private readonly string _action;

    private WriteSession(ContainerdConnection connection, string action, string reference, string? lease)
    {
        _connection = connection;
        _action = action;
        Reference = reference;
        _ending = new CancellationTokenSource(Timeout.InfiniteTimeSpan, connection.Options.TimeProvider);
        _call = connection.Content.Write(connection.With(lease, _ending.Token));
    }

    public string Reference { get; }

    /// <summary>Gets the number of bytes that containerd has.</summary>
    public long Offset { get; private set; }

    /// <summary>Gets the digest of what containerd has, as it says, or nothing.</summary>
    public string ActualDigest { get; private set; } = "";

    /// <summary>Starts to write, or goes on where an earlier stream stopped.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="action">What is tried, as it follows "Cannot".</param>
    /// <param name="reference">The reference of the ingest.</param>
    /// <param name="lease">The lease that holds the content, or <see langword="null"/>.</param>
    /// <param name="expected">The content, where it is known.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="EngineException">The content is there, somebody else is writing it, or containerd fails.</exception>
    public static async Task<WriteSession> OpenAsync(
        ContainerdConnection connection, string action, string reference, string? lease, Descriptor? expected,
        CancellationToken cancellationToken)
    {
        var session = new WriteSession(connection, action, reference, lease);
        try
        {
            await session.ExchangeAsync(
                new WriteContentRequest
                {
                    Action = WriteAction.Stat,
                    Ref = reference,
                    Total = expected?.Size ?? 0,
                    Expected = expected?.Digest.ToString() ?? "",
                },
                cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Appends bytes, which are not kept after the call.</summary>
    public async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        long expected = Offset + bytes.Length;
        await ExchangeAsync(
            new WriteContentRequest
            {
                Action = WriteAction.Write,
                Ref = Reference,
                Offset = Offset,
                Data = UnsafeByteOperations.UnsafeWrap(bytes),
            },
            cancellationToken).ConfigureAwait(false);
        if (Offset != expected)
        {
            throw _connection.Socket.Error(
                EngineErrorKind.InvalidAnswer,
                $"Cannot {_action}: containerd took in {Offset} bytes, expected {expected}.");
        }
    }

    /// <summary>Asks for the offset and the digest of what containerd has.</summary>
    public Task AskAsync(CancellationToken cancellationToken) =>
        ExchangeAsync(new WriteContentRequest { Action = WriteAction.Stat, Ref = Reference }, cancellationToken);

    /// <summary>Makes the content visible and ends the stream.</summary>
    public async Task CommitAsync(
        long total, string expected, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = new WriteContentRequest
        {
            Action = WriteAction.Commit,
            Ref = Reference,
            Total = total,
            Expected = expected,
            Offset = Offset,
        };
        foreach ((string key, string value) in labels)
        {
            request.Labels[key] = value;
        }

        await ExchangeAsync(request, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _call.Dispose();
        _ending.Dispose();
    }

    private async Task ExchangeAsync(WriteContentRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan limit = _connection.Options.Timeout;
        bool answered;
        _ending.CancelAfter(limit);
        using (cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _ending))
        {
            try
            {
                await SendAsync(request).ConfigureAwait(false);
                answered = await _call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false);
                _ending.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            catch (Exception exception) when (exception is RpcException or OperationCanceledException)
            {
                throw _connection.Translate(_action, exception, limit, _ending.IsCancellationRequested, cancellationToken);
            }
        }

        if (!answered)
        {
            throw _connection.Socket.Error(
                EngineErrorKind.InvalidAnswer, $"Cannot {_action}: containerd ended the stream without an answer.");
        }

        Offset = _call.ResponseStream.Current.Offset;
        ActualDigest = _call.ResponseStream.Current.Digest;
        if (Offset < 0)
        {
            throw _connection.Socket.Error(
                EngineErrorKind.InvalidAnswer, $"Cannot {_action}: containerd says that it has {Offset} bytes.");
        }
    }

    // A stream that containerd has ended refuses what is sent; why it ended is what the answer says.
    private async Task SendAsync(WriteContentRequest request)
    {
        try
        {
            await _call.RequestStream.WriteAsync(request).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException or IOException)
        {
            _ending.Token.ThrowIfCancellationRequested();
        }
    }
}
