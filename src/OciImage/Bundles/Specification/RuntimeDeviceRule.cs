using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>Which devices a container may use (runtime-spec 1.2, "Allowed Device list").</summary>
public sealed record RuntimeDeviceRule
{
    /// <summary>Gets whether they are allowed.</summary>
    [JsonPropertyName("allow")]
    [JsonPropertyOrder(0)]
    public bool Allow { get; init; }

    /// <summary>Gets the kind: <c>a</c> for all, <c>c</c> or <c>b</c>; <see langword="null"/> is all.</summary>
    [JsonPropertyName("type")]
    [JsonPropertyOrder(1)]
    public string? Type { get; init; }

    /// <summary>Gets the major number, or <see langword="null"/> for all.</summary>
    [JsonPropertyName("major")]
    [JsonPropertyOrder(2)]
    public long? Major { get; init; }

    /// <summary>Gets the minor number, or <see langword="null"/> for all.</summary>
    [JsonPropertyName("minor")]
    [JsonPropertyOrder(3)]
    public long? Minor { get; init; }

    /// <summary>Gets what may be done, of <c>r</c>, <c>w</c> and <c>m</c>, or <see langword="null"/>.</summary>
    [JsonPropertyName("access")]
    [JsonPropertyOrder(4)]
    public string? Access { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeDeviceRule? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Allow, Type, Major, Minor, Access);
}
