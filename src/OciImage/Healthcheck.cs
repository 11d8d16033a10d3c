using System.Text.Json;
using System.Text.Json.Serialization;
using OciImage.Json;

namespace OciImage;

/// <summary>Says how the health of a container is checked; an addition of Docker. Durations are in nanoseconds.</summary>
public sealed record Healthcheck
{
    /// <summary>Gets the test: <c>NONE</c>, <c>CMD</c> with arguments, or <c>CMD-SHELL</c> with a command line.</summary>
    [JsonPropertyName("Test")]
    [JsonPropertyOrder(0)]
    public IReadOnlyList<string> Test { get => field ?? []; init; }

    /// <summary>Gets the time between checks in nanoseconds, or <see langword="null"/> to inherit it.</summary>
    [JsonPropertyName("Interval")]
    [JsonPropertyOrder(1)]
    public long? Interval { get; init; }

    /// <summary>Gets the time a check may take in nanoseconds, or <see langword="null"/> to inherit it.</summary>
    [JsonPropertyName("Timeout")]
    [JsonPropertyOrder(2)]
    public long? Timeout { get; init; }

    /// <summary>Gets the time a container may take to start in nanoseconds, or <see langword="null"/> to inherit it.</summary>
    [JsonPropertyName("StartPeriod")]
    [JsonPropertyOrder(3)]
    public long? StartPeriod { get; init; }

    /// <summary>Gets the time between checks while starting in nanoseconds, or <see langword="null"/> to inherit it.</summary>
    [JsonPropertyName("StartInterval")]
    [JsonPropertyOrder(4)]
    public long? StartInterval { get; init; }

    /// <summary>Gets the failures in a row that make a container unhealthy, or <see langword="null"/> to inherit it.</summary>
    [JsonPropertyName("Retries")]
    [JsonPropertyOrder(5)]
    public int? Retries { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(Healthcheck? other) =>
        other is not null && Test.SequenceEqual(other.Test) && Interval == other.Interval &&
        Timeout == other.Timeout && StartPeriod == other.StartPeriod && StartInterval == other.StartInterval &&
        Retries == other.Retries && Structural.Equal(Unknown, other.Unknown);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Test.Count, Interval, Timeout, Retries);
}
