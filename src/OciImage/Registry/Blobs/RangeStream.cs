using OciImage.Content;

namespace OciImage.Registry.Blobs;

/// <summary>A part of a blob; when it breaks off at a mirror, the next part is asked for elsewhere.</summary>
internal sealed class RangeStream(Stream inner, BlobSource source) : ReadOnlyStream
{
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return inner.Read(buffer);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw BrokeOff(exception);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw BrokeOff(exception);
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

    private IOException BrokeOff(Exception exception)
    {
        source.AvoidCurrent();
        return new IOException($"A part of '{source.Descriptor.Digest}' broke off: {Excerpt.Of(exception.Message)}", exception);
    }
}
