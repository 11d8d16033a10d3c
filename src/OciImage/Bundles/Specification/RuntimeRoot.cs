using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>The root filesystem of a container (runtime-spec 1.2, "Root").</summary>
public sealed record RuntimeRoot
{
    /// <summary>Gets the directory, relative to the bundle, or absolute.</summary>
    [JsonPropertyName("path")]
    [JsonPropertyOrder(0)]
    public required string Path { get; init; }

    /// <summary>Gets whether it is mounted read-only.</summary>
    [JsonPropertyName("readonly")]
    [JsonPropertyOrder(1)]
    public bool ReadOnly { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeRoot? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Path, ReadOnly);
}
