using System.Text.Json.Serialization;

namespace OciImage.Server.Refusals;

/// <summary>The body of a refusal.</summary>
internal sealed record ErrorBody([property: JsonPropertyName("errors")] IReadOnlyList<ErrorEntry> Errors);
