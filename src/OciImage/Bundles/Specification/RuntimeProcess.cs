using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>What is run in a container, as whom, and what it may do (runtime-spec 1.2, "Process").</summary>
public sealed record RuntimeProcess
{
    /// <summary>Gets whether the process has a terminal.</summary>
    [JsonPropertyName("terminal")]
    [JsonPropertyOrder(0)]
    public bool Terminal { get; init; }

    /// <summary>Gets the user and the groups of the process.</summary>
    [JsonPropertyName("user")]
    [JsonPropertyOrder(1)]
    public required RuntimeUser User { get; init; }

    /// <summary>Gets the program and its arguments.</summary>
    [JsonPropertyName("args")]
    [JsonPropertyOrder(2)]
    public IReadOnlyList<string> Args { get => field ?? []; init; }

    /// <summary>Gets the environment, each entry <c>NAME=VALUE</c>.</summary>
    [JsonPropertyName("env")]
    [JsonPropertyOrder(3)]
    public IReadOnlyList<string> Env { get => field ?? []; init; }

    /// <summary>Gets the working directory, an absolute path.</summary>
    [JsonPropertyName("cwd")]
    [JsonPropertyOrder(4)]
    public required string Cwd { get; init; }

    /// <summary>Gets the capabilities, or <see langword="null"/> for none.</summary>
    [JsonPropertyName("capabilities")]
    [JsonPropertyOrder(5)]
    public RuntimeCapabilities? Capabilities { get; init; }

    /// <summary>Gets the limits of resources.</summary>
    [JsonPropertyName("rlimits")]
    [JsonPropertyOrder(6)]
    public IReadOnlyList<RuntimeRlimit> Rlimits { get => field ?? []; init; }

    /// <summary>Gets whether a program that is started can get no privileges that the process does not have.</summary>
    [JsonPropertyName("noNewPrivileges")]
    [JsonPropertyOrder(7)]
    public bool NoNewPrivileges { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RuntimeProcess? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Terminal, Cwd, Args.Count, Env.Count);
}
