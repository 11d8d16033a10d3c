using System.Net;
using System.Runtime.CompilerServices;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;

namespace OciImage.Registry;

/// <summary>Reads the list of referrers, from the API or, where there is none, from the fallback tag.</summary>
internal sealed class ReferrersReader(
    RegistryTransport transport, RegistryHost host, AccessNeed pull, ManifestReader manifests, RegistryOptions options)
{
    public async IAsyncEnumerable<Descriptor> ReadAsync(
        Digest subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<Digest>();
        IReadOnlyList<Descriptor>? first = null;
#pragma warning disable CA2007 // The enumerator is configured where it is made.
        await using ConfiguredCancelableAsyncEnumerable<HttpResponseMessage>.Enumerator enumerator =
            new Paging(transport, host, pull)
                .ReadAsync($"v2/{pull.Repository}/referrers/{subject}", cancellationToken)
                .ConfigureAwait(false)
                .GetAsyncEnumerator();
#pragma warning restore CA2007
        while (true)
        {
            try
            {
                if (!await enumerator.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (RegistryException exception) when (first is null && exception.StatusCode is
                HttpStatusCode.NotFound or HttpStatusCode.BadRequest or HttpStatusCode.NotAcceptable or HttpStatusCode.MethodNotAllowed)
            {
                break;
            }

            HttpResponseMessage page = enumerator.Current;
            if (first is null && page.Content.Headers.ContentType?.MediaType != MediaTypes.ImageIndex)
            {
                break;
            }

            first = await ReadIndexAsync(page, cancellationToken).ConfigureAwait(false);
            foreach (Descriptor referrer in first.Where(referrer => seen.Add(referrer.Digest)))
            {
                yield return referrer;
            }
        }

        foreach (Descriptor referrer in await ReadFallbackAsync(subject, cancellationToken).ConfigureAwait(false))
        {
            yield return referrer;
        }
    }

    /// <summary>Returns the tag that stands in for the API: the algorithm's first 32 characters and the digest's first 64.</summary>
    public static string FallbackTag(Digest subject)
    {
        string tag = $"{subject.Algorithm[..Math.Min(32, subject.Algorithm.Length)]}-" +
            subject.Encoded[..Math.Min(64, subject.Encoded.Length)];
        return string.Concat(tag.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' ? c : '-'));
    }

    private async ValueTask<IReadOnlyList<Descriptor>> ReadIndexAsync(
        HttpResponseMessage page, CancellationToken cancellationToken)
    {
        byte[] bytes = await CappedBody.ReadAsync(page, CappedBody.ListLimit, options.IdleTimeout, cancellationToken)
            .ConfigureAwait(false);
        return OciDocument<ImageIndex>.Parse(bytes, MediaTypes.ImageIndex, options.Documents).Value.Manifests;
    }

    private async ValueTask<IReadOnlyList<Descriptor>> ReadFallbackAsync(Digest subject, CancellationToken cancellationToken)
    {
        try
        {
            (Descriptor descriptor, ReadOnlyMemory<byte> bytes) = await manifests
                .FetchAsync(FallbackTag(subject), cancellationToken)
                .ConfigureAwait(false);
            return OciDocument<ImageIndex>.Parse(bytes, descriptor.MediaType, options.Documents).Value.Manifests;
        }
        catch (ContentNotFoundException)
        {
            return [];
        }
    }
}
