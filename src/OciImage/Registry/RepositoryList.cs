using System.Text.Json.Serialization;

namespace OciImage.Registry;

/// <summary>One page of the catalog.</summary>
internal sealed record RepositoryList
{
    [JsonPropertyName("repositories")]
    public IReadOnlyList<string>? Repositories { get; init; }
}
