using System.Text.Json;
using System.Text.Json.Serialization;
using OciImage.Json;

namespace OciImage;

/// <summary>Says what was done at one step of an image's making (image-spec 1.1.1, config.md, "history").</summary>
public sealed record HistoryEntry
{
    /// <summary>Gets the time of the step, or <see langword="null"/>.</summary>
    [JsonPropertyName("created")]
    [JsonPropertyOrder(0)]
    [JsonConverter(typeof(TimestampJsonConverter))]
    public DateTimeOffset? Created { get; init; }

    /// <summary>Gets the command or the tool that did the step, or <see langword="null"/>.</summary>
    [JsonPropertyName("created_by")]
    [JsonPropertyOrder(1)]
    public string? CreatedBy { get; init; }

    /// <summary>Gets the author of the step, or <see langword="null"/>.</summary>
    [JsonPropertyName("author")]
    [JsonPropertyOrder(2)]
    public string? Author { get; init; }

    /// <summary>Gets the message of the step, or <see langword="null"/>.</summary>
    [JsonPropertyName("comment")]
    [JsonPropertyOrder(3)]
    public string? Comment { get; init; }

    /// <summary>Gets whether the step made no layer.</summary>
    [JsonPropertyName("empty_layer")]
    [JsonPropertyOrder(4)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool EmptyLayer { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <inheritdoc/>
    public bool Equals(HistoryEntry? other) =>
        other is not null && Created == other.Created && CreatedBy == other.CreatedBy && Author == other.Author &&
        Comment == other.Comment && EmptyLayer == other.EmptyLayer && Structural.Equal(Unknown, other.Unknown);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Created, CreatedBy, Author, Comment, EmptyLayer);
}
