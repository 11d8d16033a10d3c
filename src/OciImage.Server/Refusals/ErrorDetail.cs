using System.Text.Json.Serialization;

namespace OciImage.Server.Refusals;

/// <summary>What a refusal is about.</summary>
internal sealed record ErrorDetail(
    [property: JsonPropertyName("name")] string? Name = null,
    [property: JsonPropertyName("reference")] string? Reference = null,
    [property: JsonPropertyName("digest")] string? Digest = null);
