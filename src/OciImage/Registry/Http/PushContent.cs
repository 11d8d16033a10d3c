using System.Buffers;
using System.Net;
using OciImage.Registry.Uploads;

namespace OciImage.Registry.Http;

/// <summary>The body of one request of an upload: some or all of the content, with its length said in advance.</summary>
internal sealed class PushContent : HttpContent
{
    private const int BufferSize = 128 * 1024;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly RegistryHost _host;
    private readonly UploadBody _body;
    private readonly long _offset;
    private readonly long _length;
    private readonly CancellationToken _callerToken;
    private TaskCompletionSource? _sending;
    private CancellationTokenSource? _stop;

    /// <param name="host">The host, whose bytes are counted.</param>
    /// <param name="body">The content.</param>
    /// <param name="offset">Where to start.</param>
    /// <param name="length">How many bytes to send.</param>
    /// <param name="callerToken">Cancels reading the content. The end of a request does not: its source may not survive that.</param>
    public PushContent(RegistryHost host, UploadBody body, long offset, long length, CancellationToken callerToken)
    {
        _callerToken = callerToken;
        _host = host;
        _body = body;
        _offset = offset;
        _length = length;
        Headers.ContentLength = length;
        Headers.TryAddWithoutValidation("Content-Type", "application/octet-stream");
    }

    /// <summary>Gets what the content's source threw, which the transport would hide behind an exception of its own.</summary>
    public Exception? Failure => _body.Failure;

    /// <summary>Gets how many bytes were given to the connection, in the last attempt to send them.</summary>
    public long Sent { get; private set; }

    /// <summary>Gets how many bytes may have reached the registry: a write that fails may have been carried out in part.</summary>
    public long Attempted { get; private set; }

    /// <summary>Gets or sets what is told what the upload waits for next.</summary>
    public Action<PushState>? Progress { get; set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Over HTTP/2 an answer may come before all was sent, and the content be wanted again: one reader at a time.
        await StopAsync(cancellationToken).ConfigureAwait(false);
        (Sent, Attempted) = (0, 0);
        var sending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        (_sending, _stop) = (sending, stop);
        try
        {
            await SendAsync(stream, stop.Token).ConfigureAwait(false);
        }
        finally
        {
            _stop = null;
            sending.SetResult();
        }
    }

    /// <summary>Returns when nothing reads the content any more; what is still on its way has a moment to get there.</summary>
    public async ValueTask StopAsync(CancellationToken cancellationToken)
    {
        if (_sending is not { } sending || sending.Task.IsCompleted)
        {
            return;
        }

        try
        {
            await sending.Task.WaitAsync(Grace, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            try
            {
                _stop?.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended.
            }

            await sending.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }

    private async Task SendAsync(Stream stream, CancellationToken cancellationToken)
    {
        Progress?.Invoke(PushState.Reading);
        await _body.SeekAsync(_offset, _callerToken).ConfigureAwait(false);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            // Also where there is nothing to send: that there is nothing must be true.
            do
            {
                int wanted = (int)Math.Min(BufferSize, _length - Sent);
                Progress?.Invoke(PushState.Reading);
                int read = await _body.ReadAsync(buffer.AsMemory(0, Math.Max(wanted, 1)), _callerToken).ConfigureAwait(false);
                if (read == 0 || wanted == 0)
                {
                    break;
                }

                cancellationToken.ThrowIfCancellationRequested();
                Progress?.Invoke(PushState.Writing);
                Attempted = Sent + read;
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                Sent += read;
                RegistryTelemetry.Transfer(_host, "transmit", read);
            }
            while (Sent < _length);

            Progress?.Invoke(PushState.Sent);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
