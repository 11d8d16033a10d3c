using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Server.Blobs;
using OciImage.Server.Refusals;
using OciImage.Server.Routing;
using OciImage.Server.Uploads;

namespace OciImage.Server.Manifests;

/// <summary>Answers what is asked of manifests.</summary>
internal sealed class ManifestHandler(RegistryServerOptions options)
{
    private const int MaxReportedChildren = 100;

    private readonly DocumentOptions _documents = new() { MaxSize = options.MaxManifestSize };

    public async ValueTask GetAsync(RegistryRequest request)
    {
        CheckReference(request.Reference);
        IImageStore store = await request.OpenStoreAsync().ConfigureAwait(false);
        Descriptor descriptor = await FindAsync(request, store).ConfigureAwait(false);
        Responses.Describe(request, descriptor);
        if (Responses.IsKnownToClient(request, descriptor.Digest))
        {
            request.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await BlobHandler.SendAsync(request, store, descriptor, new ByteRange(0, descriptor.Size), descriptor.MediaType)
            .ConfigureAwait(false);
    }

    public async ValueTask PutAsync(RegistryRequest request)
    {
        Digest? expected = null;
        IReadOnlyList<string> tags = [request.Reference];
        if (request.Reference.Contains(':', StringComparison.Ordinal))
        {
            expected = RegistryRequest.ReadVerifiableDigest(request.Reference);
            tags = [.. request.Http.Request.Query["tag"].OfType<string>().Distinct(StringComparer.Ordinal)];
        }

        if (tags.FirstOrDefault(tag => !NameRules.IsTag(tag)) is { } malformed)
        {
            throw Refusal.ManifestInvalid($"'{malformed}' is neither a tag nor a digest.");
        }

        byte[] bytes = await RequestBody.ReadAsync(request.Http, options.MaxManifestSize).ConfigureAwait(false);
        ManifestDocument manifest = ManifestDocument.Read(
            bytes,
            MediaTypeOf(request.Http.Request.ContentType),
            new DocumentOptions { MaxSize = options.MaxManifestSize, Algorithm = expected?.Algorithm ?? Digest.Sha256 });
        if (expected is { } digest && manifest.Descriptor.Digest != digest)
        {
            throw Refusal.DigestInvalid(
                $"The manifest has another digest: '{manifest.Descriptor.Digest}'.", digest.ToString());
        }

        IImageStore store = await StoreAsync(request, manifest, bytes, tags).ConfigureAwait(false);
        Responses.Created(
            request, request.ManifestLocation(manifest.Descriptor.Digest), manifest.Descriptor.Digest);
        if (manifest.Subject is { } subject && store is IReferrerSource)
        {
            request.Response.Headers["OCI-Subject"] = subject.Digest.ToString();
        }

        if (expected is not null && tags.Count > 0)
        {
            request.Response.Headers["OCI-Tag"] = string.Join(", ", tags);
        }
    }

    public async ValueTask DeleteAsync(RegistryRequest request)
    {
        CheckReference(request.Reference);
        IImageStore store = await request.OpenStoreAsync().ConfigureAwait(false);
        try
        {
            if (!request.Reference.Contains(':', StringComparison.Ordinal))
            {
                await Untagger(store).UntagAsync(request.Reference, request.Aborted).ConfigureAwait(false);
            }
            else if (store is IContentDeleter deleter)
            {
                Descriptor descriptor = await FindAsync(request, store).ConfigureAwait(false);
                await deleter.DeleteAsync(descriptor, request.Aborted).ConfigureAwait(false);
            }
            else
            {
                throw Refusal.NoCapability("delete manifests");
            }
        }
        catch (ContentNotFoundException)
        {
            throw Refusal.ManifestUnknown(request.Reference);
        }

        request.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private static IReferenceUntagger Untagger(IImageStore store) =>
        store as IReferenceUntagger ?? throw Refusal.NoCapability("delete tags");

    private static void CheckReference(string reference)
    {
        if (reference.Contains(':', StringComparison.Ordinal))
        {
            RegistryRequest.ReadDigest(reference);
        }
        else if (!NameRules.IsTag(reference))
        {
            throw Refusal.ManifestUnknown(reference);
        }
    }

    private static string? MediaTypeOf(string? contentType)
    {
        string? mediaType = contentType?.Split(';', 2)[0].Trim();
        return string.IsNullOrEmpty(mediaType) ? null : mediaType;
    }

    // A manifest becomes visible after all that it needs, and a tag after its manifest.
    private static async ValueTask<IImageStore> StoreAsync(
        RegistryRequest request, ManifestDocument manifest, byte[] bytes, IReadOnlyList<string> tags)
    {
        IImageStore? existing = await request.Repositories.GetAsync(request.Repository, create: false, request.Aborted)
            .ConfigureAwait(false);
        await CheckChildrenAsync(existing, manifest, request.Aborted).ConfigureAwait(false);
        IImageStore store = existing ?? await request.OpenStoreAsync(create: true).ConfigureAwait(false);
        await store.PushAsync(manifest.Descriptor, ReplayableContent.FromBytes(bytes), request.Aborted).ConfigureAwait(false);
        foreach (string tag in tags)
        {
            await TagAsync(request, store, manifest.Descriptor, tag).ConfigureAwait(false);
        }

        return store;
    }

    private static async ValueTask TagAsync(RegistryRequest request, IImageStore store, Descriptor manifest, string tag)
    {
        try
        {
            await store.TagAsync(manifest, tag, request.Aborted).ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
            // Somebody deleted it a moment after it was pushed.
            throw Refusal.ManifestUnknown(tag);
        }
        catch (ArgumentException)
        {
            throw Refusal.ManifestInvalid($"The store of this repository cannot hold the tag '{tag}'.");
        }
    }

    private static async ValueTask CheckChildrenAsync(
        IImageStore? store, ManifestDocument manifest, CancellationToken cancellationToken)
    {
        var missing = new List<ErrorEntry>();
        foreach (Descriptor child in manifest.Children.DistinctBy(child => child.Digest))
        {
            if (store is null || !await store.ExistsAsync(child, cancellationToken).ConfigureAwait(false))
            {
                missing.Add(new ErrorEntry(
                    ErrorCodes.ManifestBlobUnknown,
                    $"The repository has no '{child.Digest}' of {child.Size} bytes.",
                    new ErrorDetail(Digest: child.Digest.ToString())));
                if (missing.Count == MaxReportedChildren)
                {
                    break;
                }
            }
        }

        if (missing.Count > 0)
        {
            throw new Refusal(StatusCodes.Status404NotFound, missing);
        }
    }

    private async ValueTask<Descriptor> FindAsync(RegistryRequest request, IImageStore store)
    {
        try
        {
            Descriptor descriptor = await store.ResolveAsync(request.Reference, request.Aborted).ConfigureAwait(false);
            if (MediaTypes.IsManifestOrIndex(descriptor.MediaType))
            {
                return descriptor;
            }

            // A store need not know the types of what it holds; a layout only knows those of its roots.
            if (descriptor.Size <= options.MaxManifestSize && descriptor.Digest.CanVerify)
            {
                ContentStream stream = await store.OpenReadAsync(descriptor, request.Aborted).ConfigureAwait(false);
                await using (stream.ConfigureAwait(false))
                {
                    byte[] bytes = await stream.ReadToEndAsync(options.MaxManifestSize, request.Aborted)
                        .ConfigureAwait(false);
                    if (ManifestDocument.TryRecognise(bytes, _documents) is { } mediaType)
                    {
                        return descriptor with { MediaType = mediaType };
                    }
                }
            }
        }
        catch (ContentNotFoundException)
        {
            // As if it had not been found.
        }

        throw Refusal.ManifestUnknown(request.Reference);
    }
}
