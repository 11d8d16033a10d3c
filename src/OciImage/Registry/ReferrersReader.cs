using System.Net;
using System.Runtime.CompilerServices;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;

namespace OciImage.Registry;

/// <summary>Reads the list of referrers, from the API or, where there is none, from the fallback tag.</summary>
internal sealed class ReferrersReader(
    RegistryTransport transport, RegistryHost host, AccessNeed pull, ManifestReader manifests, RegistryOptions options)
{
    private const int MaxReferrers = 100_000;

    public async IAsyncEnumerable<Descriptor> ReadAsync(
        Digest subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<Digest>();
        bool isFirst = true;
#pragma warning disable CA2007 // The enumerator is configured where it is made.
        await using ConfiguredCancelableAsyncEnumerable<Page>.Enumerator pages = new Paging(transport, host, pull)
            .ReadAsync($"v2/{pull.Repository}/referrers/{subject}", cancellationToken)
            .ConfigureAwait(false)
            .GetAsyncEnumerator();
#pragma warning restore CA2007
        while (true)
        {
            try
            {
                if (!await pages.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (RegistryException exception) when (isFirst && MeansNoApi(exception.StatusCode))
            {
                break;
            }

            Page page = pages.Current;
            if (isFirst && page.MediaType != MediaTypes.ImageIndex)
            {
                break;
            }

            isFirst = false;
            foreach (Descriptor referrer in Parse(page.Body, MediaTypes.ImageIndex).Where(referrer => seen.Add(referrer.Digest)))
            {
                yield return referrer;
            }

            if (seen.Count > MaxReferrers)
            {
                throw new RegistryException($"'{host.Name}' lists more than {MaxReferrers} referrers of '{subject}'.");
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

    private static bool MeansNoApi(HttpStatusCode? status) => status is
        HttpStatusCode.NotFound or HttpStatusCode.BadRequest or HttpStatusCode.NotAcceptable or HttpStatusCode.MethodNotAllowed;

    private IReadOnlyList<Descriptor> Parse(ReadOnlyMemory<byte> bytes, string mediaType) =>
        OciDocument<ImageIndex>.Parse(bytes, mediaType, options.Documents).Value.Manifests;

    private async ValueTask<IReadOnlyList<Descriptor>> ReadFallbackAsync(Digest subject, CancellationToken cancellationToken)
    {
        try
        {
            (Descriptor descriptor, ReadOnlyMemory<byte> bytes) = await manifests
                .FetchAsync(FallbackTag(subject), cancellationToken)
                .ConfigureAwait(false);
            return Parse(bytes, descriptor.MediaType);
        }
        catch (ContentNotFoundException)
        {
            return [];
        }
    }
}
