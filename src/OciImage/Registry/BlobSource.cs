using System.Net;
using System.Net.Http.Headers;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;

namespace OciImage.Registry;

/// <summary>Opens a blob from an offset, always at the registry's own address: where it redirects to may not be good for long.</summary>
internal sealed class BlobSource(
    RegistryTransport transport, RegistryHost host, AccessNeed pull, Descriptor descriptor, RegistryOptions options)
{
    private const long MinDiscard = 1024 * 1024;

    private long _discarded;

    public Descriptor Descriptor => descriptor;

    public async ValueTask<Stream> OpenAsync(long offset, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await transport.GetAsync(
            host,
            pull,
            address =>
            {
                var request = new HttpRequestMessage(
                    HttpMethod.Get, new Uri(address, $"v2/{pull.Repository}/blobs/{descriptor.Digest}"));
                if (offset > 0)
                {
                    request.Headers.Range = new RangeHeaderValue(offset, null);
                }

                return request;
            },
            cancellationToken).ConfigureAwait(false);
        try
        {
            await CheckAsync(response, offset, cancellationToken).ConfigureAwait(false);
            Stream body = new IdleTimeoutStream(
                await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), options.IdleTimeout);
            if (offset > 0 && response.StatusCode == HttpStatusCode.OK)
            {
                await SkipAsync(body, offset, cancellationToken).ConfigureAwait(false);
            }

            return body;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async ValueTask CheckAsync(HttpResponseMessage response, long offset, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw ContentNotFoundException.ForDigest(descriptor.Digest, $"{host.Name}/{pull.Repository}");
        }

        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
        {
            throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }

        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
            if (offset == 0 || range?.From != offset || (range.Length is { } total && total != descriptor.Size) ||
                (range.To is { } last && last >= descriptor.Size))
            {
                throw new RegistryException(
                    $"'{host.Name}' answered the range '{range}' of '{descriptor.Digest}', expected bytes from {offset} of {descriptor.Size}.")
                {
                    StatusCode = response.StatusCode,
                    RequestUri = OriginPolicy.Redacted(response.RequestMessage!.RequestUri!),
                };
            }
        }
        else if (response.Content.Headers.ContentLength is { } length && length != descriptor.Size)
        {
            throw ContentVerificationException.OtherLength(descriptor, length);
        }
    }

    // A registry that knows no ranges sends everything again; how often that is taken is bounded by the blob's own size.
    private async ValueTask SkipAsync(Stream body, long count, CancellationToken cancellationToken)
    {
        _discarded += count;
        if (_discarded > Math.Max(2 * descriptor.Size, MinDiscard))
        {
            throw new RegistryException(
                $"'{host.Name}' sends '{descriptor.Digest}' from its start each time; after {_discarded} bytes for nothing it is given up.");
        }

        byte[] buffer = new byte[64 * 1024];
        while (count > 0)
        {
            int read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), cancellationToken)
                .ConfigureAwait(false);
            if (read == 0)
            {
                throw new IOException("The body ended before the part that was asked for.");
            }

            count -= read;
        }
    }
}
