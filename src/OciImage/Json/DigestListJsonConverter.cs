using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Json;

/// <summary>Reads and writes a list of digests; always written, also when it is empty, since <c>diff_ids</c> is required.</summary>
internal sealed class DigestListJsonConverter : JsonConverter<IReadOnlyList<Digest>>
{
    private static readonly DigestJsonConverter Item = new();

    public override IReadOnlyList<Digest> Read(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException($"A list of digests must be an array, not {reader.TokenType}.");
        }

        var digests = new List<Digest>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            digests.Add(Item.Read(ref reader, typeof(Digest), options));
        }

        return digests;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<Digest> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (Digest digest in value)
        {
            Item.Write(writer, digest, options);
        }

        writer.WriteEndArray();
    }
}
