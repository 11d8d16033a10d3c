using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>The capabilities of a process (runtime-spec 1.2, "capabilities"), each such as <c>CAP_CHOWN</c>.</summary>
public sealed record RuntimeCapabilities
{
    /// <summary>Gets those that the process and its children can ever have.</summary>
    [JsonPropertyName("bounding")]
    [JsonPropertyOrder(0)]
    public IReadOnlyList<string> Bounding { get => field ?? []; init; }

    /// <summary>Gets those that are in force.</summary>
    [JsonPropertyName("effective")]
    [JsonPropertyOrder(1)]
    public IReadOnlyList<string> Effective { get => field ?? []; init; }

    /// <summary>Gets those that a program may inherit by its own file capabilities.</summary>
    [JsonPropertyName("inheritable")]
    [JsonPropertyOrder(2)]
    public IReadOnlyList<string> Inheritable { get => field ?? []; init; }

    /// <summary>Gets those that the process may put in force.</summary>
    [JsonPropertyName("permitted")]
    [JsonPropertyOrder(3)]
    public IReadOnlyList<string> Permitted { get => field ?? []; init; }

    /// <summary>Gets those that are kept when a program without privileges is started.</summary>
    [JsonPropertyName("ambient")]
    [JsonPropertyOrder(4)]
    public IReadOnlyList<string> Ambient { get => field ?? []; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeCapabilities? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Bounding.Count, Effective.Count, Permitted.Count);
}
