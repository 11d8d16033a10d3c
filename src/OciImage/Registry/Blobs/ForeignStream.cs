using OciImage.Content;
using OciImage.Registry.Http;

namespace OciImage.Registry.Blobs;

/// <summary>A body from a URL of a descriptor, whose end too early is told as a failure of that place.</summary>
internal sealed class ForeignStream(Stream inner, Uri address) : ReadOnlyStream
{
    // Only this way has timeouts; who reads synchronously waits anyway.
    public override int Read(Span<byte> buffer)
    {
        byte[] bytes = new byte[buffer.Length];
        int read = ReadAsync(bytes).AsTask().GetAwaiter().GetResult();
        bytes.AsSpan(0, read).CopyTo(buffer);

        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new RegistryException($"'{OriginPolicy.Redact(address)}' broke off: {Excerpt.Of(exception.Message)}", exception)
            {
                RequestUri = OriginPolicy.Redacted(address),
                IsTransient = true,
            };
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
