using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace OciImage.Json;

/// <summary>Refuses documents that two readers could understand differently, before and after they are read.</summary>
internal static class DocumentInspector
{
    public static void Inspect(ReadOnlySpan<byte> bytes, DocumentShape shape, DocumentOptions options) =>
        Inspect(bytes, DocumentRules.For(shape), options);

    public static void Inspect(ReadOnlySpan<byte> bytes, ObjectRule rule, DocumentOptions options)
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

        // The reader looks into strings only when it hands them out, and what is not known is never handed out.
        if (!Utf8.IsValid(bytes))
        {
            throw new DocumentFormatException("The document is not UTF-8 (RFC 8259, section 8.1).");
        }

        try
        {
            new DocumentWalk(bytes, options.MaxItems).Run(rule);
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

        string actual = !string.IsNullOrEmpty(declared) ? declared
            : !string.IsNullOrEmpty(announced) ? announced
            : fallback;
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

    private static DocumentFormatException Malformed(Exception exception)
    {
        string? path = (exception as JsonException)?.Path;
        return new DocumentFormatException(
            $"The document is malformed{(path is null ? "" : $" at '{Excerpt.Of(path)}'")}: {Excerpt.Of(exception.Message)}",
            path,
            exception);
    }
}
