using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OciImage.Json;

/// <summary>Refuses documents that two readers could understand differently, before and after they are read.</summary>
internal static class DocumentInspector
{
    // Fields whose presence says what a document is. Compared without regard to case, since Go's readers do so.
    private static readonly string[] ManifestFields = ["config", "layers"];
    private static readonly string[] IndexFields = ["manifests"];
    private static readonly string[] Schema1Fields = ["fsLayers", "signatures"];
    private static readonly string[] KnownManifestFields =
        ["schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"];

    public static void Inspect(ReadOnlySpan<byte> bytes, DocumentShape shape, DocumentOptions options)
    {
        if (bytes.Length > options.MaxSize)
        {
            throw new DocumentFormatException($"The document has {bytes.Length} bytes; at most {options.MaxSize} are read.");
        }

        if (bytes.IsEmpty)
        {
            throw new DocumentFormatException("The document is empty.");
        }

        if (bytes.StartsWith("\uFEFF"u8))
        {
            throw new DocumentFormatException("The document starts with a byte order mark; JSON has none (RFC 8259, section 8.1).");
        }

        try
        {
            InspectFields(bytes, shape);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Malformed(exception);
        }
    }

    public static T Deserialize<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> typeInfo)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, typeInfo) ??
                throw new DocumentFormatException("The document is 'null', expected an object.");
        }
        catch (Exception exception) when (
            exception is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw Malformed(exception);
        }
    }

    /// <summary>Settles the media type from what the document says and what it was announced with.</summary>
    public static string AgreeOnMediaType(DocumentShape shape, string? declared, string? announced, string fallback)
    {
        if (!string.IsNullOrEmpty(declared) && !string.IsNullOrEmpty(announced) && declared != announced)
        {
            throw new DocumentFormatException(
                $"The document says it is '{Excerpt.Of(declared)}', but was announced as '{Excerpt.Of(announced)}'.",
                "$.mediaType");
        }

        string actual = string.IsNullOrEmpty(declared) ? announced ?? fallback : declared;
        bool fits = shape switch
        {
            DocumentShape.Manifest => MediaTypes.IsManifest(actual),
            DocumentShape.Index => MediaTypes.IsIndex(actual),
            _ => true,
        };

        return fits
            ? actual
            : throw new DocumentFormatException(
                $"The media type '{Excerpt.Of(actual)}' is not one of this kind of document.", "$.mediaType");
    }

    private static void InspectFields(ReadOnlySpan<byte> bytes, DocumentShape shape)
    {
        // Strict UTF-8 and trailing bytes are the reader's business: it refuses both.
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 64 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new DocumentFormatException($"The document is a JSON {reader.TokenType}, expected an object.");
        }

        var fields = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!fields.Add(name))
            {
                throw new DocumentFormatException(
                    $"The field '{Excerpt.Of(name)}' occurs twice, upper and lower case not told apart.", $"$.{Excerpt.Of(name)}");
            }

            if (shape is DocumentShape.Manifest or DocumentShape.Index)
            {
                RefuseOtherCase(name);
            }

            reader.Skip();
        }

        while (reader.Read())
        {
        }

        string[] foreign = shape switch
        {
            DocumentShape.Manifest => [.. IndexFields, .. Schema1Fields],
            DocumentShape.Index => [.. ManifestFields, .. Schema1Fields],
            DocumentShape.Config => [.. IndexFields, "layers", .. Schema1Fields],
            _ => [],
        };
        foreach (string field in foreign)
        {
            if (fields.Contains(field))
            {
                throw new DocumentFormatException(
                    $"The document has the field '{field}', which belongs to another kind of document (CVE-2021-41190).",
                    $"$.{field}");
            }
        }
    }

    private static void RefuseOtherCase(string name)
    {
        foreach (string known in KnownManifestFields)
        {
            if (name != known && name.Equals(known, StringComparison.OrdinalIgnoreCase))
            {
                throw new DocumentFormatException(
                    $"The field '{name}' is written in another case than '{known}'; readers disagree about it.", $"$.{name}");
            }
        }
    }

    private static DocumentFormatException Malformed(Exception exception)
    {
        string? path = (exception as JsonException)?.Path;
        return new DocumentFormatException(
            $"The document is malformed{(path is null ? "" : $" at '{Excerpt.Of(path)}'")}: {Excerpt.Of(exception.Message)}",
            path,
            exception);
    }
}
