using System.Text.Json;
using System.Text.Json.Serialization;
using OciImage.Json;

namespace OciImage;

/// <summary>Describes content: its type, its digest and its size in bytes (image-spec 1.1.1, descriptor.md).</summary>
/// <remarks>
/// Equality compares every field by value, collections in order and maps regardless of order, fields that are not
/// known included. An instance never changes; <c>with</c> makes a changed copy and keeps the unknown fields.
/// </remarks>
public sealed record Descriptor
{
    /// <summary>Gets the descriptor of the two bytes <c>{}</c>, for content that is required where there is none.</summary>
    public static Descriptor Empty { get; } = Create(MediaTypes.Empty, "{}"u8);

    /// <summary>Gets the media type of the content.</summary>
    [JsonPropertyName("mediaType")]
    [JsonPropertyOrder(0)]
    public required string MediaType { get; init; }

    /// <summary>Gets the digest of the content.</summary>
    [JsonPropertyName("digest")]
    [JsonPropertyOrder(1)]
    public required Digest Digest { get; init; }

    /// <summary>Gets the size of the content in bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    [JsonPropertyName("size")]
    [JsonPropertyOrder(2)]
    [JsonConverter(typeof(SizeJsonConverter))]
    public required long Size
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>Gets URLs from which the content may also be had; never with credentials.</summary>
    [JsonPropertyName("urls")]
    [JsonPropertyOrder(3)]
    public IReadOnlyList<string> Urls { get => field ?? []; init; }

    /// <summary>Gets the annotations.</summary>
    [JsonPropertyName("annotations")]
    [JsonPropertyOrder(4)]
    public IReadOnlyDictionary<string, string> Annotations { get => field ?? EmptyMap.Strings; init; }

    /// <summary>Gets the content itself where it is embedded, not verified, or <see langword="null"/>.</summary>
    [JsonPropertyName("data")]
    [JsonPropertyOrder(5)]
    public ReadOnlyMemory<byte>? Data { get; init; }

    /// <summary>Gets the platform that the content is for, or <see langword="null"/>.</summary>
    [JsonPropertyName("platform")]
    [JsonPropertyOrder(6)]
    public Platform? Platform { get; init; }

    /// <summary>Gets the type of the artifact that the descriptor points to, or <see langword="null"/>.</summary>
    [JsonPropertyName("artifactType")]
    [JsonPropertyOrder(7)]
    public string? ArtifactType { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>Describes bytes.</summary>
    /// <param name="mediaType">The media type.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="algorithm">The registered digest algorithm.</param>
    /// <returns>A descriptor of exactly these bytes.</returns>
    /// <exception cref="NotSupportedException">The algorithm is not one that can be computed here.</exception>
    public static Descriptor Create(string mediaType, ReadOnlySpan<byte> content, string algorithm = Digest.Sha256)
    {
        ArgumentException.ThrowIfNullOrEmpty(mediaType);
        return new Descriptor
        {
            MediaType = mediaType,
            Digest = Digest.Compute(content, algorithm),
            Size = content.Length,
        };
    }

    /// <summary>Returns a descriptor with the media type, digest and size of this one and nothing else.</summary>
    /// <returns>A descriptor that says what the content is, and nothing of the place it was found in.</returns>
    public Descriptor ToContentDescriptor() => new() { MediaType = MediaType, Digest = Digest, Size = Size };

    /// <summary>Gets the embedded content, when there is some and it has the promised size and digest.</summary>
    /// <param name="data">The verified bytes, or none.</param>
    /// <returns><see langword="true"/> when the bytes may be used; otherwise the content must be fetched.</returns>
    public bool TryGetVerifiedData(out ReadOnlyMemory<byte> data)
    {
        data = Data ?? default;
        bool verified = Data is { } bytes && bytes.Length == Size && Digest.CanVerify &&
            Digest.Compute(bytes.Span, Digest.Algorithm) == Digest;
        if (!verified)
        {
            data = default;
        }

        return verified;
    }

    /// <inheritdoc/>
    public bool Equals(Descriptor? other) =>
        other is not null &&
        Digest == other.Digest &&
        Size == other.Size &&
        MediaType == other.MediaType &&
        ArtifactType == other.ArtifactType &&
        Platform == other.Platform &&
        Urls.SequenceEqual(other.Urls) &&
        Structural.Equal(Annotations, other.Annotations) &&
        Structural.Equal(Data, other.Data) &&
        Structural.Equal(Unknown, other.Unknown);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Digest, Size, MediaType);
}
