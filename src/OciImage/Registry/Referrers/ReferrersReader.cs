using System.Net;
using System.Runtime.CompilerServices;
using OciImage.Registry.Http;
using OciImage.Registry.Manifests;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Referrers;

/// <summary>Reads the list of referrers, from the API or, where there is none, from the fallback tag.</summary>
internal sealed class ReferrersReader(
    RegistryTransport transport, RepositoryPlace place, ManifestReader manifests, RegistryOptions options)
{
    private const int MaxReferrers = 100_000;

    public async IAsyncEnumerable<Descriptor> ReadAsync(
        Digest subject, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<Digest>();
        bool isFirst = true;
        string query = artifactType is null ? "" : $"?artifactType={Uri.EscapeDataString(artifactType)}";
#pragma warning disable CA2007 // The enumerator is configured where it is made.
        await using ConfiguredCancelableAsyncEnumerable<Page>.Enumerator pages = new Paging(transport, place.Host, place.Pull)
            .ReadAsync(root => place.Address(root, $"referrers/{subject}{query}"), cancellationToken)
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

            // A registry may filter, and says so if it did (distribution-spec 1.1.1, "Listing Referrers"); filtering again does no harm.
            foreach (Descriptor referrer in Parse(page.Body, MediaTypes.ImageIndex)
                .Where(referrer => IsWanted(referrer, artifactType) && seen.Add(referrer.Digest)))
            {
                yield return referrer;
            }

            if (seen.Count > MaxReferrers)
            {
                throw new RegistryException($"'{place.Host.Name}' lists more than {MaxReferrers} referrers of '{subject}'.");
            }
        }

        foreach (Descriptor referrer in await ReadFallbackAsync(subject, cancellationToken).ConfigureAwait(false))
        {
            if (IsWanted(referrer, artifactType))
            {
                yield return referrer;
            }
        }
    }

    private static bool IsWanted(Descriptor referrer, string? artifactType) =>
        artifactType is null || referrer.ArtifactType == artifactType;

    private static bool MeansNoApi(HttpStatusCode? status) => status is
        HttpStatusCode.NotFound or HttpStatusCode.BadRequest or HttpStatusCode.NotAcceptable or HttpStatusCode.MethodNotAllowed;

    private IReadOnlyList<Descriptor> Parse(ReadOnlyMemory<byte> bytes, string mediaType) =>
        OciDocument<ImageIndex>.Parse(bytes, mediaType, options.Documents).Value.Manifests;

    private async ValueTask<IReadOnlyList<Descriptor>> ReadFallbackAsync(Digest subject, CancellationToken cancellationToken)
    {
        try
        {
            FetchedManifest fetched = await manifests
                .FetchAtAsync(place, FallbackTag.Of(subject), repeat: true, cancellationToken)
                .ConfigureAwait(false);
            return Parse(fetched.Bytes, fetched.Descriptor.MediaType);
        }
        catch (ContentNotFoundException)
        {
            return [];
        }
    }
}
