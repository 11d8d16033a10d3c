using System.Text.Json;
using System.Text.Json.Serialization;
using OciImage.Json;

namespace OciImage;

/// <summary>Names the platform that an image is for (image-spec 1.1.1, image-index.md).</summary>
/// <remarks>Equality compares the fields as written. <see cref="Normalize"/> and <see cref="PlatformMatcher"/> know aliases.</remarks>
public sealed record Platform
{
    /// <summary>Gets the CPU architecture, a value of GOARCH such as <c>amd64</c>.</summary>
    [JsonPropertyName("architecture")]
    [JsonPropertyOrder(0)]
    public required string Architecture { get; init; }

    /// <summary>Gets the operating system, a value of GOOS such as <c>linux</c>.</summary>
    [JsonPropertyName("os")]
    [JsonPropertyOrder(1)]
    public required string Os { get; init; }

    /// <summary>Gets the version of the operating system, such as <c>10.0.14393.1066</c>, or <see langword="null"/>.</summary>
    [JsonPropertyName("os.version")]
    [JsonPropertyOrder(2)]
    public string? OsVersion { get; init; }

    /// <summary>Gets the features of the operating system that are required, such as <c>win32k</c>.</summary>
    [JsonPropertyName("os.features")]
    [JsonPropertyOrder(3)]
    public IReadOnlyList<string> OsFeatures { get => field ?? []; init; }

    /// <summary>Gets the variant of the CPU, such as <c>v8</c>, or <see langword="null"/>.</summary>
    [JsonPropertyName("variant")]
    [JsonPropertyOrder(4)]
    public string? Variant { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>Parses a platform such as <c>linux/arm64/v8</c>, <c>linux/amd64</c> or <c>windows(10.0.17763)/amd64</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The platform, normalised.</returns>
    /// <exception cref="FormatException">The text is not a platform.</exception>
    public static Platform Parse(string text) => throw new NotImplementedException();

    /// <summary>Returns the platform with aliases replaced as containerd does: <c>x86_64</c> becomes <c>amd64</c>, <c>arm64/v8</c> becomes <c>arm64</c>.</summary>
    /// <returns>The normalised platform.</returns>
    public Platform Normalize() => throw new NotImplementedException();

    /// <summary>Returns the platform as <c>os/architecture[/variant]</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => throw new NotImplementedException();

    /// <inheritdoc/>
    public bool Equals(Platform? other) =>
        other is not null &&
        Architecture == other.Architecture &&
        Os == other.Os &&
        OsVersion == other.OsVersion &&
        Variant == other.Variant &&
        OsFeatures.SequenceEqual(other.OsFeatures) &&
        Structural.Equal(Unknown, other.Unknown);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Architecture, Os, OsVersion, Variant);
}
