using System.Net;
using System.Net.Http.Headers;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Blobs;

/// <summary>Opens a blob from an offset, always at the registry's own address: where it redirects to may not be good for long.</summary>
internal sealed class BlobSource(
    RegistryTransport transport, RepositoryRouter router, Descriptor descriptor, RegistryOptions options)
{
    private const long MinDiscard = 1024 * 1024;
    private const int BufferSize = 64 * 1024;

    private readonly HashSet<RepositoryPlace> _avoided = [];
    private readonly HashSet<RepositoryPlace> _served = [];
    private RepositoryPlace? _mirror;
    private long _discarded;

    public Descriptor Descriptor => descriptor;

    /// <summary>Opens the rest of the blob.</summary>
    public ValueTask<Stream> OpenAsync(long offset, CancellationToken cancellationToken) => router.ReadAsync(
        RegistryCapabilities.Pull,
        async (place, isLast, token) =>
        {
            Stream stream = await OpenAtAsync(place, isLast, offset, token).ConfigureAwait(false);
            Note(place, isLast);
            return stream;
        },
        cancellationToken,
        _avoided);

    /// <summary>Opens a part of the blob, or returns <see langword="null"/> where the place does not serve parts.</summary>
    public ValueTask<Stream?> TryOpenRangeAsync(long offset, long length, CancellationToken cancellationToken) => router.ReadAsync(
        RegistryCapabilities.Pull,
        async (place, isLast, token) =>
        {
            Stream? stream = await TryOpenRangeAtAsync(place, isLast, offset, length, token).ConfigureAwait(false);
            Note(place, isLast);
            return stream;
        },
        cancellationToken,
        _avoided);

    /// <summary>Leaves a mirror out that broke off or sent other content; the registry itself is never left out.</summary>
    /// <returns>Whether that was a mirror, so that there is another place to ask.</returns>
    public bool AvoidCurrent()
    {
        if (_mirror is null || !_avoided.Add(_mirror))
        {
            return false;
        }

        _mirror.Host.Health.Fail();
        return true;
    }

    /// <summary>Leaves every mirror out that gave a part of what turned out wrong; returns whether there was one.</summary>
    public bool AvoidAllThatServed()
    {
        foreach (RepositoryPlace mirror in _served)
        {
            mirror.Host.Health.Fail();
        }

        return _served.Count > 0;
    }

    private void Note(RepositoryPlace place, bool isLast)
    {
        _mirror = isLast ? null : place;
        if (!isLast)
        {
            _served.Add(place);
        }
    }

    private async ValueTask<Stream> OpenAtAsync(
        RepositoryPlace place, bool repeat, long offset, CancellationToken cancellationToken)
    {
        // Nothing is left of it: asking for a range past the end would be refused.
        if (offset == descriptor.Size && offset > 0)
        {
            return Stream.Null;
        }

        HttpResponseMessage response = await AskAsync(
            place, repeat, offset > 0 ? new RangeHeaderValue(offset, null) : null, cancellationToken).ConfigureAwait(false);
        try
        {
            await CheckAsync(place, response, offset, cancellationToken).ConfigureAwait(false);
            Stream body = await BodyOfAsync(place, response, cancellationToken).ConfigureAwait(false);
            if (offset > 0 && response.StatusCode == HttpStatusCode.OK)
            {
                try
                {
                    await SkipAsync(place, body, offset, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (exception is IOException or HttpRequestException)
                {
                    throw RegistryFault.Unreachable(response.RequestMessage!, exception);
                }
            }

            return body;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async ValueTask<Stream?> TryOpenRangeAtAsync(
        RepositoryPlace place, bool repeat, long offset, long length, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await AskAsync(
            place, repeat, new RangeHeaderValue(offset, offset + length - 1), cancellationToken).ConfigureAwait(false);
        try
        {
            // Everything instead of a part: the connection is given up rather than read to its end.
            if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                response.Dispose();
                return null;
            }

            await CheckAsync(place, response, offset, cancellationToken, offset + length - 1).ConfigureAwait(false);
            return await BodyOfAsync(place, response, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private ValueTask<HttpResponseMessage> AskAsync(
        RepositoryPlace place, bool repeat, RangeHeaderValue? range, CancellationToken cancellationToken) => transport.GetAsync(
            place.Host,
            place.Pull,
            root =>
            {
                HttpRequestMessage request = place.Request(HttpMethod.Get, root, $"blobs/{descriptor.Digest}");
                request.Headers.Range = range;
                return request;
            },
            cancellationToken,
            repeat);

    private async ValueTask<Stream> BodyOfAsync(
        RepositoryPlace place, HttpResponseMessage response, CancellationToken cancellationToken) => new IdleTimeoutStream(
            await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), options.IdleTimeout)
        {
            Host = place.Host,
        };

    private async ValueTask CheckAsync(
        RepositoryPlace place, HttpResponseMessage response, long offset, CancellationToken cancellationToken, long? last = null)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw ContentNotFoundException.ForDigest(descriptor.Digest, place.ToString());
        }

        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
        {
            throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }

        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
            bool wasAsked = offset > 0 || last is not null;
            if (!wasAsked || range?.From != offset || (range.Length is { } total && total != descriptor.Size) ||
                range.To is not { } to || to >= descriptor.Size || (last is not null && to != last))
            {
                throw new RegistryException(
                    $"'{place.Host.Name}' answered the range '{Excerpt.Of(range?.ToString() ?? "")}' of '{descriptor.Digest}', " +
                    $"expected bytes from {offset} of {descriptor.Size}.")
                {
                    StatusCode = response.StatusCode,
                    RequestUri = OriginPolicy.Redacted(response.RequestMessage!.RequestUri!),
                    Transcript = Transcript.Of(response.RequestMessage),
                };
            }
        }
        else if (response.Content.Headers.ContentLength is { } length && length != descriptor.Size)
        {
            throw ContentVerificationException.OtherLength(descriptor, length);
        }
    }

    // A registry that knows no ranges sends everything again; how often that is taken is bounded by the blob's own size.
    private async ValueTask SkipAsync(RepositoryPlace place, Stream body, long count, CancellationToken cancellationToken)
    {
        _discarded += count;
        if (_discarded > Math.Max(2 * descriptor.Size, MinDiscard))
        {
            throw new RegistryException(
                $"'{place.Host.Name}' sends '{descriptor.Digest}' from its start each time; after {_discarded} bytes for nothing it is given up.");
        }

        byte[] buffer = new byte[BufferSize];
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
