using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using OciImage.Json;

namespace OciImage;

/// <summary>Names the platform that an image is for (image-spec 1.1.1, image-index.md).</summary>
/// <remarks>Equality compares the fields as written. <see cref="Normalize"/> and <see cref="PlatformMatcher"/> know aliases.</remarks>
public sealed record Platform : ISpanParsable<Platform>
{
    /// <summary>Gets the CPU architecture, a value of GOARCH such as <c>amd64</c>.</summary>
    [JsonPropertyName("architecture")]
    [JsonPropertyOrder(0)]
    public required string Architecture { get => field ?? ""; init; }

    /// <summary>Gets the operating system, a value of GOOS such as <c>linux</c>.</summary>
    [JsonPropertyName("os")]
    [JsonPropertyOrder(1)]
    public required string Os { get => field ?? ""; init; }

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
    /// <param name="s">The text: operating system, architecture, and an optional variant.</param>
    /// <param name="provider">Not used.</param>
    /// <returns>The platform, normalised.</returns>
    /// <exception cref="FormatException">The text is not a platform.</exception>
    public static Platform Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <summary>Parses a platform such as <c>linux/arm64/v8</c>, <c>linux/amd64</c> or <c>windows(10.0.17763)/amd64</c>.</summary>
    /// <param name="s">The text: operating system, architecture, and an optional variant.</param>
    /// <param name="provider">Not used.</param>
    /// <returns>The platform, normalised.</returns>
    /// <exception cref="FormatException">The text is not a platform.</exception>
    public static Platform Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        PlatformText.Read(s) ??
        throw new FormatException($"'{Excerpt.Of(s)}' is not a platform; expected 'os/architecture[/variant]'.");

    /// <summary>Tries to parse a platform.</summary>
    /// <param name="s">The text, which may be <see langword="null"/>.</param>
    /// <param name="result">The platform, or <see langword="null"/>.</param>
    /// <returns><see langword="true"/> when the text is a platform.</returns>
    public static bool TryParse([NotNullWhen(true)] string? s, [NotNullWhen(true)] out Platform? result) =>
        TryParse(s, null, out result);

    /// <summary>Tries to parse a platform.</summary>
    /// <param name="s">The text, which may be <see langword="null"/>.</param>
    /// <param name="provider">Not used.</param>
    /// <param name="result">The platform, or <see langword="null"/>.</param>
    /// <returns><see langword="true"/> when the text is a platform.</returns>
    public static bool TryParse(
        [NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out Platform? result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <summary>Tries to parse a platform.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <param name="result">The platform, or <see langword="null"/>.</param>
    /// <returns><see langword="true"/> when the text is a platform.</returns>
    public static bool TryParse(
        ReadOnlySpan<char> s, IFormatProvider? provider, [NotNullWhen(true)] out Platform? result)
    {
        result = PlatformText.Read(s);
        return result is not null;
    }

    /// <summary>Returns the platform with aliases replaced as containerd does: <c>x86_64</c> becomes <c>amd64</c>.</summary>
    /// <remarks><c>amd64/v1</c> and <c>arm64/v8</c> lose their variant, and 32-bit arm without one gets <c>v7</c>.</remarks>
    /// <returns>The normalised platform.</returns>
    public Platform Normalize()
    {
        (string architecture, string? variant) = PlatformText.Normalize(Architecture, Variant);
        return this with { Os = PlatformText.NormalizeOs(Os), Architecture = architecture, Variant = variant };
    }

    /// <summary>Returns the platform as <c>os[(version)]/architecture[/variant]</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        string version = string.IsNullOrEmpty(OsVersion) && OsFeatures.Count == 0
            ? ""
            : $"({string.Join('+', OsFeatures.Prepend(OsVersion))})";
        return $"{Os}{version}/{Architecture}{(string.IsNullOrEmpty(Variant) ? "" : "/" + Variant)}";
    }

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
