using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Json;

/// <summary>Reads and writes a size in bytes: a whole number that is not negative.</summary>
internal sealed class SizeJsonConverter : JsonConverter<long>
{
    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        // 1.0 and 1e3 are refused as well: readers disagree about them, and a size is written as an integer.
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long size))
        {
            throw new JsonException("A size must be a whole number of bytes.");
        }

        return size >= 0
            ? size
            : throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"The size {size} is negative."));
    }

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value);
}
