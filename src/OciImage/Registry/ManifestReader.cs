using System.Net;
using OciImage.Json;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;

namespace OciImage.Registry;

/// <summary>Reads manifests: by digest verified, by tag with a digest computed here, whatever the headers say.</summary>
internal sealed class ManifestReader(RegistryTransport transport, RegistryHost host, AccessNeed pull, RegistryOptions options)
{
    private static readonly string Accepted = string.Join(", ",
        MediaTypes.ImageIndex, MediaTypes.ImageManifest, MediaTypes.DockerManifestList, MediaTypes.DockerManifest, "*/*");

    private string Place => $"{host.Name}/{pull.Repository}";

    /// <summary>Asks for every kind in one header: some registries only look at the first.</summary>
    public static void AcceptAll(HttpRequestMessage request) => request.Headers.TryAddWithoutValidation("Accept", Accepted);

    public async ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken) =>
        await TryResolveAsync(reference, cancellationToken).ConfigureAwait(false)
        ?? throw ContentNotFoundException.ForReference(reference, Place);

    public async ValueTask<Descriptor?> TryResolveAsync(string reference, CancellationToken cancellationToken)
    {
        using (HttpResponseMessage response = await transport.GetAsync(
            host, pull, address => CreateRequest(HttpMethod.Head, address, reference), cancellationToken).ConfigureAwait(false))
        {
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            // A 405, a missing header, a digest that is none: the document itself will say. So will a body, of a refusal.
            if (response.IsSuccessStatusCode && Describe(response, reference) is { } descriptor)
            {
                return descriptor;
            }
        }

        try
        {
            return (await FetchAsync(reference, cancellationToken).ConfigureAwait(false)).Descriptor;
        }
        catch (ContentNotFoundException)
        {
            return null;
        }
    }

    public async ValueTask<(Descriptor Descriptor, ReadOnlyMemory<byte> Bytes)> FetchAsync(
        string reference, CancellationToken cancellationToken)
    {
        int limit = options.Documents.MaxSize;
        using BufferedAnswer answer = await transport.ReadAsync(
            host, pull, address => CreateRequest(HttpMethod.Get, address, reference), limit, cancellationToken).ConfigureAwait(false);
        HttpResponseMessage response = answer.Response;
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw ContentNotFoundException.ForReference(reference, Place);
        }

        if (!response.IsSuccessStatusCode)
        {
            throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }

        byte[] bytes = answer.IsCut
            ? throw new DocumentFormatException($"The document '{Excerpt.Of(reference)}' of '{Place}' has more than {limit} bytes.")
            : answer.Body;
        bool byDigest = Digest.TryParse(reference, out Digest digest);
        if (!byDigest && !LooksLikeDocument(bytes))
        {
            string type = response.Content.Headers.ContentType?.MediaType ?? "no type";
            throw new DocumentFormatException(
                $"What '{Excerpt.Of(reference)}' of '{Place}' names is no JSON object but {bytes.Length} bytes of '{Excerpt.Of(type)}'.");
        }

        if (byDigest && !digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(
                new Descriptor { MediaType = "application/octet-stream", Digest = digest, Size = bytes.Length });
        }

        var descriptor = Descriptor.Create(MediaTypeOf(response, bytes), bytes, byDigest ? digest.Algorithm : Digest.Sha256);
        return byDigest && descriptor.Digest != digest
            ? throw ContentVerificationException.Mismatch(descriptor with { Digest = digest }, descriptor.Digest)
            : (descriptor, bytes);
    }

    // Whoever answers a tag with a page to sign in at is not believed; what was asked for by digest is known by it.
    private static bool LooksLikeDocument(ReadOnlySpan<byte> bytes) => bytes.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    private HttpRequestMessage CreateRequest(HttpMethod method, Uri address, string reference)
    {
        var request = new HttpRequestMessage(method, new Uri(address, $"v2/{pull.Repository}/manifests/{reference}"));
        AcceptAll(request);

        return request;
    }

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
