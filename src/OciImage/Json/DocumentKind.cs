using System.Text.Json;

namespace OciImage.Json;

/// <summary>Tells what a document is by its fields, where no descriptor says it.</summary>
internal static class DocumentKind
{
    /// <summary>Returns the media type of a manifest or an index, or <see langword="null"/> for other content.</summary>
    public static string? Detect(ReadOnlySpan<byte> bytes)
    {
        string? mediaType = null;
        bool manifests = false;
        bool layers = false;
        try
        {
            var reader = new Utf8JsonReader(bytes);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isMediaType = reader.ValueTextEquals("mediaType"u8);
                manifests |= reader.ValueTextEquals("manifests"u8);
                layers |= reader.ValueTextEquals("layers"u8);
                reader.Read();
                if (isMediaType && reader.TokenType == JsonTokenType.String)
                {
                    mediaType = reader.GetString();
                }

                reader.Skip();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }

        return MediaTypes.IsManifestOrIndex(mediaType) ? mediaType
            : manifests ? MediaTypes.ImageIndex
            : layers ? MediaTypes.ImageManifest
            : null;
    }
}
