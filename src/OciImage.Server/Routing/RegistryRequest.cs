using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Server.Refusals;

namespace OciImage.Server.Routing;

/// <summary>One request, with what its path points to and the repositories there are.</summary>
/// <param name="Http">The request and its answer.</param>
/// <param name="Route">What the path points to; its repository's name is well-formed.</param>
/// <param name="Root">The path up to and with <c>/v2/</c>, as this client sees it.</param>
/// <param name="Repositories">The repositories.</param>
internal sealed record RegistryRequest(
    HttpContext Http, RegistryRoute Route, string Root, IRepositoryProvider Repositories)
{
    public string Repository => Route.Repository;

    public string Reference => Route.Reference;

    public HttpResponse Response => Http.Response;

    public CancellationToken Aborted => Http.RequestAborted;

    public bool IsHead => HttpMethods.IsHead(Http.Request.Method);

    public string BlobLocation(Digest digest) => $"{Root}{Repository}/blobs/{digest}";

    public string ManifestLocation(Digest digest) => $"{Root}{Repository}/manifests/{digest}";

    public string UploadLocation(string id) => $"{Root}{Repository}/blobs/uploads/{id}";

    public string? Query(string name) => Http.Request.Query[name] is [{ Length: > 0 } first, ..] ? first : null;

    /// <summary>Gets the store of the repository, or refuses where there is none.</summary>
    public async ValueTask<IImageStore> OpenStoreAsync(bool create = false) =>
        await Repositories.GetAsync(Repository, create, Aborted).ConfigureAwait(false) ??
        throw Refusal.NameUnknown(Repository);

    /// <summary>Reads the last part of the path as a digest.</summary>
    public Digest ReadDigest() => ReadDigest(Reference);

    public static Digest ReadDigest(string text) =>
        Digest.TryParse(text, out Digest digest) ? digest : throw Refusal.DigestInvalid("The digest is malformed.", text);

    /// <summary>Reads a digest that content will be checked against.</summary>
    public static Digest ReadVerifiableDigest(string? text)
    {
        if (text is null)
        {
            throw Refusal.DigestInvalid("The query parameter 'digest' is missing.");
        }

        Digest digest = ReadDigest(text);
        return digest.CanVerify
            ? digest
            : throw Refusal.DigestInvalid("The digest's algorithm is not supported; sha256 and sha512 are.", text);
    }
}
