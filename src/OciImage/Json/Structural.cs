using System.Text.Json;

namespace OciImage.Json;

/// <summary>Compares the parts of documents by value.</summary>
internal static class Structural
{
    public static bool Equal(IReadOnlyDictionary<string, string> left, IReadOnlyDictionary<string, string> right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        foreach ((string key, string value) in left)
        {
            if (!right.TryGetValue(key, out string? other) || other != value)
            {
                return false;
            }
        }

        return true;
    }

    public static bool Equal(ReadOnlyMemory<byte>? left, ReadOnlyMemory<byte>? right) =>
        left.HasValue == right.HasValue && (!left.HasValue || left.Value.Span.SequenceEqual(right!.Value.Span));

    public static bool Equal(Dictionary<string, JsonElement>? left, Dictionary<string, JsonElement>? right)
    {
        if ((left?.Count ?? 0) != (right?.Count ?? 0))
        {
            return false;
        }

        foreach ((string key, JsonElement value) in left ?? [])
        {
            if (!right!.TryGetValue(key, out JsonElement other) || !JsonElement.DeepEquals(value, other))
            {
                return false;
            }
        }

        return true;
    }
}
