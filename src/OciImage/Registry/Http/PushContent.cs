using System.Buffers;
using System.Net;
using OciImage.Content;

namespace OciImage.Registry.Http;

/// <summary>The body of an upload: content that is verified while it is sent, with its length said in advance.</summary>
internal sealed class PushContent : HttpContent
{
    private const int BufferSize = 128 * 1024;

    private readonly Descriptor _descriptor;
    private readonly ReplayableContent _content;

    public PushContent(Descriptor descriptor, ReplayableContent content)
    {
        _descriptor = descriptor;
        _content = content;
        Headers.ContentLength = descriptor.Size;
        Headers.TryAddWithoutValidation("Content-Type", "application/octet-stream");
    }

    /// <summary>Gets what the content's source threw, which the transport would hide behind an exception of its own.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Gets or sets what is called after each write, with whether that was the last one.</summary>
    public Action<bool>? Progress { get; set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        ContentStream source = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                int read;
                while ((read = await ReadAsync(source, buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                    Progress?.Invoke(source.IsVerified);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _descriptor.Size;
        return true;
    }

    private async ValueTask<ContentStream> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return ContentStream.Over(
                await _content.OpenAsync(0, cancellationToken).ConfigureAwait(false), _descriptor);
        }
        catch (Exception exception)
        {
            Failure = exception;
            throw;
        }
    }

    private async ValueTask<int> ReadAsync(ContentStream source, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Failure = exception;
            throw;
        }
    }
}
