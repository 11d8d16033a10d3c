using System.Text.Json.Serialization;

namespace OciImage.Server.Listing;

/// <summary>The body of a list of tags.</summary>
internal sealed record TagList(
    [property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("tags")] IReadOnlyList<string> Tags);
