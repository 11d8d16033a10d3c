using System.Text.Json.Serialization;

namespace OciImage.Registry;

/// <summary>One page of tags.</summary>
internal sealed record TagList
{
    [JsonPropertyName("tags")]
    public IReadOnlyList<string>? Tags { get; init; }
}
