using Grpc.Core;
using OciImage.Engines.Protocol;

namespace OciImage.Engines;

/// <summary>Content, or a part of it, as containerd gives it; nothing is verified here.</summary>
internal sealed class ContainerdReadStream : EngineStream
{
    private readonly ContainerdConnection _connection;
    private readonly string _action;
    private readonly CancellationTokenSource _ending;
    private readonly AsyncServerStreamingCall<ReadContentResponse> _call;
    private long _offset;
    private ReadOnlyMemory<byte> _left;
    private bool _ended;
    private bool _disposed;

    /// <param name="connection">The connection.</param>
    /// <param name="digest">The content.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many bytes, or 0 for all up to the end.</param>
    public ContainerdReadStream(ContainerdConnection connection, Digest digest, long offset, long length)
    {
        _connection = connection;
        _action = $"read '{digest}'";
        _offset = offset;
        _ending = new CancellationTokenSource(Timeout.InfiniteTimeSpan, connection.Options.TimeProvider);
        _call = connection.Content.Read(
            new ReadContentRequest { Digest = digest.ToString(), Offset = offset, Size = length },
            connection.With(null, _ending.Token));
    }

    public override bool CanRead => !_disposed;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (_left.IsEmpty && !_ended)
        {
            await ReceiveAsync(cancellationToken).ConfigureAwait(false);
        }

        int count = Math.Min(buffer.Length, _left.Length);
        _left[..count].CopyTo(buffer);
        _left = _left[count..];

        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _call.Dispose();
            _ending.Dispose();
        }

        base.Dispose(disposing);
    }

    // A cancelled read ends the call: the next one would not know what it missed.
    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        TimeSpan limit = _connection.Options.Timeout;
        _ending.CancelAfter(limit);
        using (cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _ending))
        {
            try
            {
                _ended = !await _call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false);
                _ending.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            catch (Exception exception) when (exception is RpcException or OperationCanceledException)
            {
                throw _connection.Translate(_action, exception, limit, _ending.IsCancellationRequested, cancellationToken);
            }
        }

        if (_ended)
        {
            return;
        }

        ReadContentResponse part = _call.ResponseStream.Current;
        if (part.Offset != _offset)
        {
            throw _connection.Socket.Error(
                EngineErrorKind.InvalidAnswer,
                $"Cannot {_action}: containerd gave the bytes at {part.Offset}, expected those at {_offset}.");
        }

        _left = part.Data.Memory;
        _offset += _left.Length;
    }
}
