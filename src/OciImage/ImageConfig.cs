using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OciImage.Json;

namespace OciImage;

/// <summary>The configuration of an image (image-spec 1.1.1, config.md; Docker's container.image.v1 has more fields, which are kept).</summary>
/// <remarks>Equality compares the canonical form that <see cref="OciDocument{T}.Create"/> writes.</remarks>
public sealed record ImageConfig : IOciDocumentModel<ImageConfig>
{
    /// <summary>Gets the time the image was created, as RFC 3339 text, or <see langword="null"/>.</summary>
    [JsonPropertyName("created")]
    [JsonPropertyOrder(0)]
    [JsonConverter(typeof(TimestampJsonConverter))]
    public DateTimeOffset? Created { get; init; }

    /// <summary>Gets the person or entity that made the image, or <see langword="null"/>.</summary>
    [JsonPropertyName("author")]
    [JsonPropertyOrder(1)]
    public string? Author { get; init; }

    /// <summary>Gets the CPU architecture, a value of GOARCH such as <c>amd64</c>.</summary>
    [JsonPropertyName("architecture")]
    [JsonPropertyOrder(2)]
    public string Architecture { get => field ?? ""; init; }

    /// <summary>Gets the variant of the CPU, or <see langword="null"/>.</summary>
    [JsonPropertyName("variant")]
    [JsonPropertyOrder(3)]
    public string? Variant { get; init; }

    /// <summary>Gets the operating system, a value of GOOS such as <c>linux</c>.</summary>
    [JsonPropertyName("os")]
    [JsonPropertyOrder(4)]
    public string Os { get => field ?? ""; init; }

    /// <summary>Gets the version of the operating system, or <see langword="null"/>.</summary>
    [JsonPropertyName("os.version")]
    [JsonPropertyOrder(5)]
    public string? OsVersion { get; init; }

    /// <summary>Gets the features of the operating system that are required.</summary>
    [JsonPropertyName("os.features")]
    [JsonPropertyOrder(6)]
    public IReadOnlyList<string> OsFeatures { get => field ?? []; init; }

    /// <summary>Gets how a container of the image runs, or <see langword="null"/>.</summary>
    [JsonPropertyName("config")]
    [JsonPropertyOrder(7)]
    public ContainerConfig? Config { get; init; }

    /// <summary>Gets the layers by the digests of their uncompressed content.</summary>
    [JsonPropertyName("rootfs")]
    [JsonPropertyOrder(8)]
    public RootFs RootFs { get => field ?? RootFs.Empty; init; }

    /// <summary>Gets what was done for each layer, and between layers, first to last.</summary>
    [JsonPropertyName("history")]
    [JsonPropertyOrder(9)]
    public IReadOnlyList<HistoryEntry> History { get => field ?? []; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    static string IOciDocumentModel<ImageConfig>.DefaultMediaType => MediaTypes.ImageConfig;

    static JsonTypeInfo<ImageConfig> IOciDocumentModel<ImageConfig>.TypeInfo => OciJson.Context.ImageConfig;

    static DocumentShape IOciDocumentModel<ImageConfig>.Shape => DocumentShape.Config;

    string? IOciDocumentModel<ImageConfig>.DeclaredMediaType => null;

    /// <summary>Returns the platform that the configuration names.</summary>
    /// <returns>The platform, with its fields as written.</returns>
    public Platform GetPlatform() => new()
    {
        Architecture = Architecture,
        Os = Os,
        OsVersion = OsVersion,
        OsFeatures = OsFeatures,
        Variant = Variant,
    };

    /// <inheritdoc/>
    public bool Equals(ImageConfig? other) => other is not null && OciJson.CanonicalEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Architecture, Os, Created, RootFs.DiffIds.Count);
}
