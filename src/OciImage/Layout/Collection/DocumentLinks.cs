using System.Text;
using System.Text.Json;

namespace OciImage.Layout;

/// <summary>Finds what a JSON document refers to, whatever kind of document it is.</summary>
/// <remarks>
/// A collector must not take what any reader might find through a document, so this looks for more than a manifest's fields: every
/// object with a digest counts, whatever it stands in. The subject does not (it is what is referred to from outside, and
/// may be absent), nor do annotations. What is no JSON refers to nothing.
/// </remarks>
internal static class DocumentLinks
{
    private const int MaxDepth = 512;

    public static IReadOnlyList<DocumentLink> Find(ReadOnlySpan<byte> bytes)
    {
        var links = new List<DocumentLink>();
        try
        {
            var reader = new Utf8JsonReader(
                bytes, new JsonReaderOptions { MaxDepth = MaxDepth, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadObject(ref reader, links, isRoot: true, isLeaf: false);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Readers differ in how far they get; what was found until here may be found by one of them.
        }

        return links;
    }

    private static void ReadObject(ref Utf8JsonReader reader, List<DocumentLink> links, bool isRoot, bool isLeaf)
    {
        string? mediaType = null;
        var own = new List<Digest>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isDigest = Is(ref reader, "digest"u8) || Is(ref reader, "blobSum"u8);
            bool isMediaType = Is(ref reader, "mediaType"u8);
            bool isSkipped = (isRoot && reader.ValueTextEquals("subject"u8)) || reader.ValueTextEquals("annotations"u8);
            bool isLeaves = isLeaf ||
                (isRoot && (reader.ValueTextEquals("layers"u8) || reader.ValueTextEquals("config"u8)));
            reader.Read();
            if (isSkipped)
            {
                reader.Skip();
            }
            else if (reader.TokenType == JsonTokenType.String)
            {
                if (isDigest && Digest.TryParse(GetText(ref reader), out Digest digest))
                {
                    own.Add(digest);
                }
                else if (isMediaType)
                {
                    mediaType = GetText(ref reader);
                }
            }
            else
            {
                ReadValue(ref reader, links, isLeaves);
            }
        }

        foreach (Digest digest in own)
        {
            links.Add(new DocumentLink(digest, mediaType, !isLeaf || MediaTypes.IsManifestOrIndex(mediaType)));
        }
    }

    // Go's readers take a field in any case of its letters.
    private static bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) =>
        reader.ValueTextEquals(name) || (!reader.ValueIsEscaped && Ascii.EqualsIgnoreCase(reader.ValueSpan, name));

    // What is no text here, as half a surrogate, is one to other readers; it hides nothing of what follows.
    private static string? GetText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static void ReadValue(ref Utf8JsonReader reader, List<DocumentLink> links, bool isLeaf)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            ReadObject(ref reader, links, isRoot: false, isLeaf);
        }
        else if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                ReadValue(ref reader, links, isLeaf);
            }
        }
    }
}
