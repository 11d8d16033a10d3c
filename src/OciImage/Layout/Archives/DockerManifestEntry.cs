using System.Text.Json.Serialization;

namespace OciImage.Layout;

/// <summary>One image of Docker's <c>manifest.json</c>: names within the archive.</summary>
internal sealed record DockerManifestEntry
{
    [JsonPropertyName("Config")]
    [JsonPropertyOrder(0)]
    public required string Config { get; init; }

    [JsonPropertyName("RepoTags")]
    [JsonPropertyOrder(1)]
    public IReadOnlyList<string>? RepoTags { get; init; }

    [JsonPropertyName("Layers")]
    [JsonPropertyOrder(2)]
    public IReadOnlyList<string>? Layers { get; init; }
}
