using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>What a container has of Linux (runtime-spec 1.2, "Linux Container Configuration").</summary>
public sealed record RuntimeLinux
{
    /// <summary>Gets the users of the container as users of the host.</summary>
    [JsonPropertyName("uidMappings")]
    [JsonPropertyOrder(0)]
    public IReadOnlyList<RuntimeIdMapping> UidMappings { get => field ?? []; init; }

    /// <summary>Gets the groups of the container as groups of the host.</summary>
    [JsonPropertyName("gidMappings")]
    [JsonPropertyOrder(1)]
    public IReadOnlyList<RuntimeIdMapping> GidMappings { get => field ?? []; init; }

    /// <summary>Gets what control groups hold it to, or <see langword="null"/>.</summary>
    [JsonPropertyName("resources")]
    [JsonPropertyOrder(2)]
    public RuntimeResources? Resources { get; init; }

    /// <summary>Gets the path of its control group, or <see langword="null"/> for the runtime's choice.</summary>
    [JsonPropertyName("cgroupsPath")]
    [JsonPropertyOrder(3)]
    public string? CgroupsPath { get; init; }

    /// <summary>Gets the namespaces; of a kind that is not among them the process has the runtime's.</summary>
    [JsonPropertyName("namespaces")]
    [JsonPropertyOrder(4)]
    public IReadOnlyList<RuntimeNamespace> Namespaces { get => field ?? []; init; }

    /// <summary>Gets the paths that cannot be read in the container.</summary>
    [JsonPropertyName("maskedPaths")]
    [JsonPropertyOrder(5)]
    public IReadOnlyList<string> MaskedPaths { get => field ?? []; init; }

    /// <summary>Gets the paths that cannot be written to in the container.</summary>
    [JsonPropertyName("readonlyPaths")]
    [JsonPropertyOrder(6)]
    public IReadOnlyList<string> ReadonlyPaths { get => field ?? []; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeLinux? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Namespaces.Count, UidMappings.Count, CgroupsPath);
}
