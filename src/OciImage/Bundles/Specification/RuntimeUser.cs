using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>The user and the groups of a process, by number (runtime-spec 1.2, "User").</summary>
public sealed record RuntimeUser
{
    /// <summary>Gets the user.</summary>
    [JsonPropertyName("uid")]
    [JsonPropertyOrder(0)]
    public uint Uid { get; init; }

    /// <summary>Gets the group.</summary>
    [JsonPropertyName("gid")]
    [JsonPropertyOrder(1)]
    public uint Gid { get; init; }

    /// <summary>Gets the supplementary groups.</summary>
    [JsonPropertyName("additionalGids")]
    [JsonPropertyOrder(2)]
    public IReadOnlyList<uint> AdditionalGids { get => field ?? []; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeUser? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Uid, Gid, AdditionalGids.Count);
}
