using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>A namespace that a process is in (runtime-spec 1.2, "Namespaces").</summary>
public sealed record RuntimeNamespace
{
    /// <summary>Gets the kind, such as <c>mount</c>, <c>pid</c> or <c>network</c>.</summary>
    [JsonPropertyName("type")]
    [JsonPropertyOrder(0)]
    public required string Type { get; init; }

    /// <summary>Gets the file of a namespace that is joined, or <see langword="null"/> for a new one.</summary>
    [JsonPropertyName("path")]
    [JsonPropertyOrder(1)]
    public string? Path { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeNamespace? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, Path);
}
