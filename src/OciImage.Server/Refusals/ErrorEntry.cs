using System.Text.Json.Serialization;

namespace OciImage.Server.Refusals;

/// <summary>One reason of a refusal.</summary>
internal sealed record ErrorEntry(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("detail")] ErrorDetail? Detail = null);
