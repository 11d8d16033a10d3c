using System.Buffers;
using System.Net;
using OciImage.Registry.Uploads;

namespace OciImage.Registry.Http;

/// <summary>The body of one request of an upload: some or all of the content, with its length said in advance.</summary>
internal sealed class PushContent : HttpContent
{
    private const int BufferSize = 128 * 1024;

    private readonly RegistryHost _host;
    private readonly UploadBody _body;
    private readonly long _offset;
    private readonly long _length;
    private TaskCompletionSource? _sending;

    public PushContent(RegistryHost host, UploadBody body, long offset, long length)
    {
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

    /// <summary>Gets or sets what is called after each write, with whether that was the last one.</summary>
    public Action<bool>? Progress { get; set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Sent = 0;
        var sending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sending = sending;
        try
        {
            await SendAsync(stream, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            sending.SetResult();
        }
    }

    /// <summary>Waits until nothing reads the content any more: an answer may come before all of it was sent.</summary>
    /// <exception cref="TimeoutException">It is still being sent.</exception>
    public Task WaitForEndAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken) =>
        _sending?.Task.WaitAsync(timeout, time, cancellationToken) ?? Task.CompletedTask;

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }

    private async Task SendAsync(Stream stream, CancellationToken cancellationToken)
    {
        await _body.SeekAsync(_offset, cancellationToken).ConfigureAwait(false);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            // Also where there is nothing to send: that there is nothing must be true.
            do
            {
                int wanted = (int)Math.Min(BufferSize, _length - Sent);
                int read = await _body.ReadAsync(buffer.AsMemory(0, Math.Max(wanted, 1)), cancellationToken).ConfigureAwait(false);
                if (read == 0 || wanted == 0)
                {
                    break;
                }

                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                Sent += read;
                RegistryTelemetry.Transfer(_host, "transmit", read);
                Progress?.Invoke(Sent == _length);
            }
            while (Sent < _length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
