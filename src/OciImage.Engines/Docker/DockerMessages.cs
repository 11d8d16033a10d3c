using System.Text.Json.Serialization;

namespace OciImage.Engines;

/// <summary>A line of a long answer.</summary>
internal sealed record DockerLine
{
    [JsonPropertyName("stream")]
    public string? Stream { get; init; }

    [JsonPropertyName("error")]
    public string? Error { get; init; }

    [JsonPropertyName("errorDetail")]
    public DockerFault? ErrorDetail { get; init; }
}

/// <summary>What went wrong, within an answer or as the whole of one.</summary>
internal sealed record DockerFault
{
    [JsonPropertyName("message")]
    public string? Message { get; init; }
}

/// <summary>What the engine says of itself.</summary>
internal sealed record DockerVersion
{
    [JsonPropertyName("Version")]
    public string? Version { get; init; }

    [JsonPropertyName("Os")]
    public string? Os { get; init; }

    [JsonPropertyName("Arch")]
    public string? Architecture { get; init; }
}

/// <summary>One image of the engine's list.</summary>
internal sealed record DockerImageSummary
{
    [JsonPropertyName("RepoTags")]
    public IReadOnlyList<string>? RepoTags { get; init; }
}

/// <summary>One entry of <c>manifest.json</c>.</summary>
internal sealed record DockerManifestEntry
{
    [JsonPropertyName("Config")]
    public required string Config { get; init; }

    [JsonPropertyName("RepoTags")]
    public required IReadOnlyList<string> RepoTags { get; init; }

    [JsonPropertyName("Layers")]
    public required IReadOnlyList<string> Layers { get; init; }
}

[JsonSerializable(typeof(DockerLine))]
[JsonSerializable(typeof(DockerFault))]
[JsonSerializable(typeof(DockerVersion))]
[JsonSerializable(typeof(IReadOnlyList<DockerImageSummary>))]
[JsonSerializable(typeof(IReadOnlyList<DockerManifestEntry>))]
internal sealed partial class DockerJsonContext : JsonSerializerContext;
