using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OciImage.Json;

namespace OciImage;

/// <summary>An index of manifests, usually one for each platform (image-spec 1.1.1, image-index.md; Docker's manifest list).</summary>
/// <remarks>Equality compares the canonical form that <see cref="OciDocument{T}.Create"/> writes.</remarks>
public sealed record ImageIndex : IOciDocumentModel<ImageIndex>
{
    /// <summary>Gets the version of the schema; always 2.</summary>
    [JsonPropertyName("schemaVersion")]
    [JsonPropertyOrder(0)]
    public int SchemaVersion { get => field == 0 ? 2 : field; init; }

    /// <summary>Gets the media type of the index, or <see langword="null"/> where the document does not say.</summary>
    [JsonPropertyName("mediaType")]
    [JsonPropertyOrder(1)]
    public string? MediaType { get; init; }

    /// <summary>Gets the type of the artifact, or <see langword="null"/>.</summary>
    [JsonPropertyName("artifactType")]
    [JsonPropertyOrder(2)]
    public string? ArtifactType { get; init; }

    /// <summary>Gets the descriptors of the manifests, in the order of preference.</summary>
    [JsonPropertyName("manifests")]
    [JsonPropertyOrder(3)]
    public IReadOnlyList<Descriptor> Manifests { get => field ?? []; init; }

    /// <summary>Gets the manifest that this index refers to, or <see langword="null"/>.</summary>
    [JsonPropertyName("subject")]
    [JsonPropertyOrder(4)]
    public Descriptor? Subject { get; init; }

    /// <summary>Gets the annotations.</summary>
    [JsonPropertyName("annotations")]
    [JsonPropertyOrder(5)]
    public IReadOnlyDictionary<string, string> Annotations { get => field ?? EmptyMap.Strings; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    static string IOciDocumentModel<ImageIndex>.DefaultMediaType => MediaTypes.ImageIndex;

    static JsonTypeInfo<ImageIndex> IOciDocumentModel<ImageIndex>.TypeInfo => OciJson.Context.ImageIndex;

    static DocumentShape IOciDocumentModel<ImageIndex>.Shape => DocumentShape.Index;

    string? IOciDocumentModel<ImageIndex>.DeclaredMediaType => MediaType;

    /// <inheritdoc/>
    public bool Equals(ImageIndex? other) => other is not null && OciJson.CanonicalEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(MediaType, Manifests.Count);
}
