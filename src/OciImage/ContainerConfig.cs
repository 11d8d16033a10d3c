using System.Text.Json;
using System.Text.Json.Serialization;
using OciImage.Json;

namespace OciImage;

/// <summary>Says how a container of an image runs (image-spec 1.1.1, config.md, "config", with Docker's additions).</summary>
public sealed record ContainerConfig
{
    /// <summary>Gets the user and group, by name or number, such as <c>1000:1000</c>, or <see langword="null"/>.</summary>
    [JsonPropertyName("User")]
    [JsonPropertyOrder(0)]
    public string? User { get; init; }

    /// <summary>Gets the ports to expose, such as <c>8080/tcp</c>, in ordinal order when written.</summary>
    [JsonPropertyName("ExposedPorts")]
    [JsonPropertyOrder(1)]
    [JsonConverter(typeof(NameSetJsonConverter))]
    public IReadOnlyList<string> ExposedPorts { get => field ?? []; init; }

    /// <summary>Gets the environment, each entry <c>NAME=VALUE</c>.</summary>
    [JsonPropertyName("Env")]
    [JsonPropertyOrder(2)]
    public IReadOnlyList<string> Env { get => field ?? []; init; }

    /// <summary>Gets the arguments that form the command to run, or none.</summary>
    [JsonPropertyName("Entrypoint")]
    [JsonPropertyOrder(3)]
    public IReadOnlyList<string> Entrypoint { get => field ?? []; init; }

    /// <summary>Gets the default arguments after the entry point, or none.</summary>
    [JsonPropertyName("Cmd")]
    [JsonPropertyOrder(4)]
    public IReadOnlyList<string> Cmd { get => field ?? []; init; }

    /// <summary>Gets the directories that are likely to hold data of their own, in ordinal order when written.</summary>
    [JsonPropertyName("Volumes")]
    [JsonPropertyOrder(5)]
    [JsonConverter(typeof(NameSetJsonConverter))]
    public IReadOnlyList<string> Volumes { get => field ?? []; init; }

    /// <summary>Gets the working directory, or <see langword="null"/>.</summary>
    [JsonPropertyName("WorkingDir")]
    [JsonPropertyOrder(6)]
    public string? WorkingDir { get; init; }

    /// <summary>Gets the labels.</summary>
    [JsonPropertyName("Labels")]
    [JsonPropertyOrder(7)]
    public IReadOnlyDictionary<string, string> Labels { get => field ?? EmptyMap.Strings; init; }

    /// <summary>Gets the signal that stops the container, such as <c>SIGTERM</c>, or <see langword="null"/>.</summary>
    [JsonPropertyName("StopSignal")]
    [JsonPropertyOrder(8)]
    public string? StopSignal { get; init; }

    /// <summary>Gets whether the entry point is a command line that Windows must not split; deprecated.</summary>
    [JsonPropertyName("ArgsEscaped")]
    [JsonPropertyOrder(9)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ArgsEscaped { get; init; }

    /// <summary>Gets how the health of a container is checked (Docker), or <see langword="null"/>.</summary>
    [JsonPropertyName("Healthcheck")]
    [JsonPropertyOrder(10)]
    public Healthcheck? Healthcheck { get; init; }

    /// <summary>Gets the shell of the shell form of commands (Docker), or none.</summary>
    [JsonPropertyName("Shell")]
    [JsonPropertyOrder(11)]
    public IReadOnlyList<string> Shell { get => field ?? []; init; }

    /// <summary>Gets the build steps for images on top of this one (Docker), or none.</summary>
    [JsonPropertyName("OnBuild")]
    [JsonPropertyOrder(12)]
    public IReadOnlyList<string> OnBuild { get => field ?? []; init; }

    /// <summary>Gets the seconds to wait after the stop signal (Docker), or <see langword="null"/>.</summary>
    [JsonPropertyName("StopTimeout")]
    [JsonPropertyOrder(13)]
    public int? StopTimeout { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(ContainerConfig? other) => other is not null && OciJson.CanonicalEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(User, WorkingDir, Env.Count, Entrypoint.Count, Cmd.Count);
}
