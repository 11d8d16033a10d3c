using System.Text.Json;
using System.Text.Json.Serialization;
using OciImage.Json;

namespace OciImage;

/// <summary>Names the layers of an image by the digests of their uncompressed content (image-spec 1.1.1, config.md, "rootfs").</summary>
public sealed record RootFs
{
    internal static readonly RootFs Empty = new();

    /// <summary>Gets the type, which must be <c>layers</c>.</summary>
    [JsonPropertyName("type")]
    [JsonPropertyOrder(0)]
    public string Type { get; init; } = "layers";

    /// <summary>Gets the DiffIDs, base first.</summary>
    [JsonPropertyName("diff_ids")]
    [JsonPropertyOrder(1)]
    [JsonConverter(typeof(DigestListJsonConverter))]
    public IReadOnlyList<Digest> DiffIds { get => field ?? []; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(RootFs? other) =>
        other is not null && Type == other.Type && DiffIds.SequenceEqual(other.DiffIds) &&
        Structural.Equal(Unknown, other.Unknown);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, DiffIds.Count, DiffIds.Count == 0 ? default : DiffIds[^1]);
}
