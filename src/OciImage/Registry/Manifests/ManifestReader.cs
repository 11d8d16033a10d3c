using System.Net;
using System.Net.Http.Headers;
using OciImage.Json;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Manifests;

/// <summary>Reads manifests: by digest verified, by tag with a digest computed here, whatever the headers say.</summary>
internal sealed class ManifestReader(RegistryTransport transport, RepositoryRouter router, RegistryOptions options)
{
    private static readonly string Accepted = string.Join(", ",
        MediaTypes.ImageIndex, MediaTypes.ImageManifest, MediaTypes.DockerManifestList, MediaTypes.DockerManifest, "*/*");

    /// <summary>Asks for every kind in one header: some registries only look at the first.</summary>
    public static HttpRequestMessage AcceptAll(HttpRequestMessage request)
    {
        request.Headers.TryAddWithoutValidation("Accept", Accepted);
        return request;
    }

    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken) => router.ReadAsync(
        WantedFor(reference),
        (place, isLast, token) => ResolveAtAsync(place, reference, isLast, token),
        cancellationToken);

    public async ValueTask<Descriptor?> TryResolveAtAsync(
        RepositoryPlace place, string reference, CancellationToken cancellationToken)
    {
        try
        {
            return await ResolveAtAsync(place, reference, repeat: true, cancellationToken).ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
            return null;
        }
    }

    public ValueTask<(Descriptor Descriptor, ReadOnlyMemory<byte> Bytes)> FetchAsync(
        string reference, CancellationToken cancellationToken) => router.ReadAsync(
            WantedFor(reference),
            async (place, isLast, token) =>
            {
                FetchedManifest fetched = await FetchAtAsync(place, reference, isLast, token).ConfigureAwait(false);
                return (fetched.Descriptor, fetched.Bytes);
            },
            cancellationToken);

    public async ValueTask<FetchedManifest> FetchAtAsync(
        RepositoryPlace place, string reference, bool repeat, CancellationToken cancellationToken)
    {
        int limit = options.Documents.MaxSize;
        using BufferedAnswer answer = await transport.ReadAsync(
            place.Host, place.Pull, root => Request(HttpMethod.Get, place, root, reference), limit, cancellationToken, repeat)
            .ConfigureAwait(false);
        HttpResponseMessage response = answer.Response;
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw ContentNotFoundException.ForReference(reference, place.ToString());
        }

        if (!response.IsSuccessStatusCode)
        {
            throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }

        byte[] bytes = answer.IsCut
            ? throw new DocumentFormatException($"The document '{Excerpt.Of(reference)}' of '{place}' has more than {limit} bytes.")
            : answer.Body;
        bool byDigest = Digest.TryParse(reference, out Digest digest);
        if (!byDigest && !LooksLikeDocument(bytes))
        {
            string type = response.Content.Headers.ContentType?.MediaType ?? "no type";
            throw new DocumentFormatException(
                $"What '{Excerpt.Of(reference)}' of '{place}' names is no JSON object but {bytes.Length} bytes of '{Excerpt.Of(type)}'.");
        }

        if (byDigest && !digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(
                new Descriptor { MediaType = "application/octet-stream", Digest = digest, Size = bytes.Length });
        }

        var descriptor = Descriptor.Create(MediaTypeOf(response, bytes), bytes, byDigest ? digest.Algorithm : Digest.Sha256);
        return byDigest && descriptor.Digest != digest
            ? throw ContentVerificationException.Mismatch(descriptor with { Digest = digest }, descriptor.Digest)
            : new FetchedManifest(descriptor, bytes, ETagOf(response));
    }

    private static RegistryCapabilities WantedFor(string reference) =>
        Digest.TryParse(reference, out _) ? RegistryCapabilities.Pull : RegistryCapabilities.Resolve;

    private static string? ETagOf(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("ETag", out HeaderStringValues values) ? values.FirstOrDefault() : null;

    public async ValueTask<Descriptor> ResolveAtAsync(
        RepositoryPlace place, string reference, bool repeat, CancellationToken cancellationToken)
    {
        using (HttpResponseMessage response = await transport.GetAsync(
            place.Host, place.Pull, root => Request(HttpMethod.Head, place, root, reference), cancellationToken, repeat)
            .ConfigureAwait(false))
        {
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                throw ContentNotFoundException.ForReference(reference, place.ToString());
            }

            // A mirror's refusal needs no explanation: another place is asked.
            if (!repeat && !response.IsSuccessStatusCode && response.StatusCode is not HttpStatusCode.MethodNotAllowed)
            {
                throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
            }

            // A 405, a missing header, a digest that is none: the document itself will say. So will a body, of a refusal.
            if (response.IsSuccessStatusCode && Describe(response, reference) is { } descriptor)
            {
                return descriptor;
            }
        }

        return (await FetchAtAsync(place, reference, repeat, cancellationToken).ConfigureAwait(false)).Descriptor;
    }

    // Whoever answers a tag with a page to sign in at is not believed; what was asked for by digest is known by it.
    private static bool LooksLikeDocument(ReadOnlySpan<byte> bytes) => bytes.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    private static HttpRequestMessage Request(HttpMethod method, RepositoryPlace place, Uri root, string reference) =>
        AcceptAll(place.Request(method, root, $"manifests/{reference}"));

    private static Descriptor? Describe(HttpResponseMessage response, string reference)
    {
        string? mediaType = response.Content.Headers.ContentType?.MediaType;
        if (!MediaTypes.IsManifestOrIndex(mediaType) || response.Content.Headers.ContentLength is not (> 0 and { } size))
        {
            return null;
        }

        // By digest, what was asked for is what is meant; the header may even be of another algorithm.
        if (!Digest.TryParse(reference, out Digest digest))
        {
            string? header = response.Headers.NonValidated.TryGetValues("Docker-Content-Digest", out var values)
                ? values.FirstOrDefault()
                : null;
            if (!Digest.TryParse(header, out digest) || !digest.CanVerify)
            {
                return null;
            }
        }

        return new Descriptor { MediaType = mediaType!, Digest = digest, Size = size };
    }

    // Old registries call everything text or bytes; then the document tells what it is.
    private static string MediaTypeOf(HttpResponseMessage response, byte[] bytes)
    {
        string? announced = response.Content.Headers.ContentType?.MediaType;
        return MediaTypes.IsManifestOrIndex(announced)
            ? announced!
            : DocumentKind.Detect(bytes) ?? announced ?? "application/octet-stream";
    }
}
