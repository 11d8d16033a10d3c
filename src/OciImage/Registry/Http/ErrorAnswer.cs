using System.Text.Json.Serialization;

namespace OciImage.Registry.Http;

/// <summary>The body of a refusal (distribution-spec 1.1.1, "Error Codes").</summary>
internal sealed record ErrorAnswer
{
    [JsonPropertyName("errors")]
    public IReadOnlyList<ErrorItem>? Errors { get; init; }
}

/// <summary>One reason of a refusal.</summary>
internal sealed record ErrorItem
{
    [JsonPropertyName("code")]
    public string? Code { get; init; }

    [JsonPropertyName("message")]
    public string? Message { get; init; }
}
