using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OciImage.Json;

namespace OciImage;

/// <summary>A manifest: one image, or one artifact (image-spec 1.1.1, manifest.md; Docker's schema 2 has the same shape).</summary>
/// <remarks>Equality compares the canonical form that <see cref="OciDocument{T}.Create"/> writes.</remarks>
public sealed record ImageManifest : IOciDocumentModel<ImageManifest>
{
    /// <summary>Gets the version of the schema; always 2.</summary>
    [JsonPropertyName("schemaVersion")]
    [JsonPropertyOrder(0)]
    public int SchemaVersion { get => field == 0 ? 2 : field; init; }

    /// <summary>Gets the media type of the manifest, or <see langword="null"/> where the document does not say.</summary>
    [JsonPropertyName("mediaType")]
    [JsonPropertyOrder(1)]
    public string? MediaType { get; init; }

    /// <summary>Gets the type of the artifact, or <see langword="null"/> for an image.</summary>
    [JsonPropertyName("artifactType")]
    [JsonPropertyOrder(2)]
    public string? ArtifactType { get; init; }

    /// <summary>Gets the descriptor of the configuration.</summary>
    [JsonPropertyName("config")]
    [JsonPropertyOrder(3)]
    public required Descriptor Config { get; init; }

    /// <summary>Gets the descriptors of the layers, base first.</summary>
    [JsonPropertyName("layers")]
    [JsonPropertyOrder(4)]
    public IReadOnlyList<Descriptor> Layers { get => field ?? []; init; }

    /// <summary>Gets the manifest that this one refers to, or <see langword="null"/>.</summary>
    [JsonPropertyName("subject")]
    [JsonPropertyOrder(5)]
    public Descriptor? Subject { get; init; }

    /// <summary>Gets the annotations.</summary>
    [JsonPropertyName("annotations")]
    [JsonPropertyOrder(6)]
    public IReadOnlyDictionary<string, string> Annotations { get => field ?? EmptyMap.Strings; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    static string IOciDocumentModel<ImageManifest>.DefaultMediaType => MediaTypes.ImageManifest;

    static JsonTypeInfo<ImageManifest> IOciDocumentModel<ImageManifest>.TypeInfo => OciJson.Context.ImageManifest;

    static DocumentShape IOciDocumentModel<ImageManifest>.Shape => DocumentShape.Manifest;

    string? IOciDocumentModel<ImageManifest>.DeclaredMediaType => MediaType;

    /// <inheritdoc/>
    public bool Equals(ImageManifest? other) => other is not null && OciJson.CanonicalEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(MediaType, Config, Layers.Count);
}
