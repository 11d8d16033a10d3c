using System.Globalization;
using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Server.Refusals;
using OciImage.Server.Routing;

namespace OciImage.Server.Listing;

/// <summary>Lists what refers to a manifest.</summary>
internal static class ReferrersHandler
{
    // A page stays below the 4 MiB that clients read of a manifest, with room for what JSON adds.
    private const int MaxPageLength = 2 * 1024 * 1024;
    private const int DescriptorLength = 256;

    public static async ValueTask ListAsync(RegistryRequest request)
    {
        var subject = new Descriptor { MediaType = MediaTypes.ImageManifest, Digest = request.ReadDigest(), Size = 0 };
        string? artifactType = request.Query("artifactType");
        int offset = ReadOffset(request);
        IImageStore? store = await request.Repositories.GetAsync(request.Repository, create: false, request.Aborted)
            .ConfigureAwait(false);

        // A registry that has this list must not answer 404 here, not even for a repository that is not there.
        var page = new List<Descriptor>();
        if (store is IReferrerSource source)
        {
            bool hasMore = await ReadPageAsync(request, source, subject, artifactType, offset, page).ConfigureAwait(false);
            if (hasMore)
            {
                AnnounceNext(request, artifactType, offset + page.Count);
            }
        }
        else if (store is not null)
        {
            throw Refusal.Unsupported(StatusCodes.Status404NotFound, "The store of this repository cannot list referrers.");
        }

        if (artifactType is not null)
        {
            request.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        }

        OciDocument<ImageIndex> index = OciDocument<ImageIndex>.Create(
            new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = page });
        await Responses.WriteBytesAsync(request.Http, index.Bytes, MediaTypes.ImageIndex).ConfigureAwait(false);
    }

    private static async ValueTask<bool> ReadPageAsync(
        RegistryRequest request,
        IReferrerSource source,
        Descriptor subject,
        string? artifactType,
        int offset,
        List<Descriptor> page)
    {
        long length = 0;
        await foreach (Descriptor referrer in
            source.ListReferrersAsync(subject, artifactType, request.Aborted).ConfigureAwait(false))
        {
            if (offset-- > 0)
            {
                continue;
            }

            length += LengthOf(referrer);
            if (page.Count > 0 && length > MaxPageLength)
            {
                return true;
            }

            page.Add(referrer);
        }

        return false;
    }

    private static long LengthOf(Descriptor descriptor)
    {
        long length = DescriptorLength + (descriptor.ArtifactType?.Length ?? 0);
        foreach ((string key, string value) in descriptor.Annotations)
        {
            length += key.Length + value.Length;
        }

        return length;
    }

    private static int ReadOffset(RegistryRequest request)
    {
        string text = request.Query("offset") ?? "0";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int offset)
            ? offset
            : throw Refusal.Unsupported(StatusCodes.Status400BadRequest, "The query parameter 'offset' is not a number.");
    }

    private static void AnnounceNext(RegistryRequest request, string? artifactType, int offset)
    {
        string path = request.Http.Request.PathBase + request.Http.Request.Path;
        string filter = artifactType is null ? "" : $"&artifactType={Uri.EscapeDataString(artifactType)}";
        request.Response.Headers.Link = $"<{path}?offset={offset}{filter}>; rel=\"next\"";
    }
}
