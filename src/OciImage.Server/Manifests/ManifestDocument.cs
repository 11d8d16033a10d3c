using System.Text.Json;
using OciImage.Server.Refusals;

namespace OciImage.Server.Manifests;

/// <summary>What a registry wants to know of a manifest or an index.</summary>
/// <param name="Descriptor">Its media type, digest and size.</param>
/// <param name="Children">What must be in the repository before it.</param>
/// <param name="Subject">What it refers to, or <see langword="null"/>.</param>
internal sealed record ManifestDocument(Descriptor Descriptor, IReadOnlyList<Descriptor> Children, Descriptor? Subject)
{
    /// <summary>Reads a manifest that was pushed.</summary>
    /// <exception cref="Refusal">The bytes are no manifest of a kind that is known here.</exception>
    public static ManifestDocument Read(ReadOnlyMemory<byte> bytes, string? mediaType, DocumentOptions options)
    {
        try
        {
            // Some clients announce no type, or one that says nothing; the document itself does then.
            string actual = MediaTypes.IsManifestOrIndex(mediaType) ? mediaType! : Recognise(bytes);
            if (mediaType is not (null or "application/json" or "application/octet-stream") && actual != mediaType)
            {
                throw Refusal.ManifestInvalid("The media type is not one of a manifest that is known here.");
            }

            return Parse(bytes, actual, options);
        }
        catch (DocumentFormatException exception)
        {
            throw Refusal.ManifestInvalid(exception.Message);
        }
    }

    /// <summary>Returns the media type of bytes of which a store knows none; <see langword="null"/> for no manifest.</summary>
    public static string? TryRecognise(ReadOnlyMemory<byte> bytes, DocumentOptions options)
    {
        try
        {
            return Parse(bytes, Recognise(bytes), options).Descriptor.MediaType;
        }
        catch (DocumentFormatException)
        {
            return null;
        }
    }

    private static ManifestDocument Parse(ReadOnlyMemory<byte> bytes, string mediaType, DocumentOptions options)
    {
        if (MediaTypes.IsIndex(mediaType))
        {
            OciDocument<ImageIndex> index = OciDocument<ImageIndex>.Parse(bytes, mediaType, options);
            return new ManifestDocument(index.Descriptor, index.Value.Manifests, index.Value.Subject);
        }

        if (!MediaTypes.IsManifest(mediaType))
        {
            throw new DocumentFormatException("Docker's schema 1 is not taken in.");
        }

        OciDocument<ImageManifest> manifest = OciDocument<ImageManifest>.Parse(bytes, mediaType, options);
        Descriptor[] layers = [.. manifest.Value.Layers.Where(IsDistributed)];

        return new ManifestDocument(manifest.Descriptor, [manifest.Value.Config, .. layers], manifest.Value.Subject);
    }

    private static bool IsDistributed(Descriptor layer) =>
        layer.Urls.Count == 0 && !MediaTypes.IsNonDistributable(layer.MediaType);

    private static string Recognise(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new DocumentFormatException("The document is no JSON object.");
            }

            if (document.RootElement.TryGetProperty("mediaType", out JsonElement declared) &&
                declared.ValueKind == JsonValueKind.String &&
                declared.GetString() is { Length: > 0 } mediaType)
            {
                return MediaTypes.IsManifestOrIndex(mediaType)
                    ? mediaType
                    : throw new DocumentFormatException("The document's media type is not one of a manifest.", "$.mediaType");
            }

            return document.RootElement.TryGetProperty("manifests", out _) ? MediaTypes.ImageIndex : MediaTypes.ImageManifest;
        }
        catch (JsonException exception)
        {
            throw new DocumentFormatException("The document is no JSON.", null, exception);
        }
    }
}
