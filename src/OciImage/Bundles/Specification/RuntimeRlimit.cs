using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>A limit of a resource (runtime-spec 1.2, "rlimits").</summary>
public sealed record RuntimeRlimit
{
    /// <summary>Gets the resource, such as <c>RLIMIT_NOFILE</c>.</summary>
    [JsonPropertyName("type")]
    [JsonPropertyOrder(0)]
    public required string Type { get; init; }

    /// <summary>Gets the limit that cannot be raised.</summary>
    [JsonPropertyName("hard")]
    [JsonPropertyOrder(1)]
    public ulong Hard { get; init; }

    /// <summary>Gets the limit that is in force.</summary>
    [JsonPropertyName("soft")]
    [JsonPropertyOrder(2)]
    public ulong Soft { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeRlimit? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, Hard, Soft);
}
