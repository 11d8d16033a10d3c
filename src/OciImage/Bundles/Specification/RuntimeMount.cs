using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>Something that is mounted in a container (runtime-spec 1.2, "Mounts").</summary>
public sealed record RuntimeMount
{
    /// <summary>Gets the path in the container.</summary>
    [JsonPropertyName("destination")]
    [JsonPropertyOrder(0)]
    public required string Destination { get; init; }

    /// <summary>Gets the kind of file system, or <see langword="null"/>.</summary>
    [JsonPropertyName("type")]
    [JsonPropertyOrder(1)]
    public string? Type { get; init; }

    /// <summary>Gets the device or the path that is mounted, relative to the bundle, or <see langword="null"/>.</summary>
    [JsonPropertyName("source")]
    [JsonPropertyOrder(2)]
    public string? Source { get; init; }

    /// <summary>Gets the options of the mount.</summary>
    [JsonPropertyName("options")]
    [JsonPropertyOrder(3)]
    public IReadOnlyList<string> Options { get => field ?? []; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeMount? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Destination, Type, Source, Options.Count);
}
