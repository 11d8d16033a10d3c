using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>A range of users or groups of a container, as users or groups of the host (runtime-spec 1.2, "User namespace mappings").</summary>
public sealed record RuntimeIdMapping
{
    /// <summary>Gets the first in the container.</summary>
    [JsonPropertyName("containerID")]
    [JsonPropertyOrder(0)]
    public uint ContainerId { get; init; }

    /// <summary>Gets the first on the host.</summary>
    [JsonPropertyName("hostID")]
    [JsonPropertyOrder(1)]
    public uint HostId { get; init; }

    /// <summary>Gets how many there are.</summary>
    [JsonPropertyName("size")]
    [JsonPropertyOrder(2)]
    public uint Size { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeIdMapping? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ContainerId, HostId, Size);
}
