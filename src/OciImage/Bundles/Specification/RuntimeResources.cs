using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>What control groups hold a container to (runtime-spec 1.2, "Control groups").</summary>
public sealed record RuntimeResources
{
    /// <summary>Gets which devices it may use; the last rule that fits counts.</summary>
    [JsonPropertyName("devices")]
    [JsonPropertyOrder(0)]
    public IReadOnlyList<RuntimeDeviceRule> Devices { get => field ?? []; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeResources? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Devices.Count);
}
