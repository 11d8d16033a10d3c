using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OciImage.Json;

namespace OciImage;

/// <summary>The <c>oci-layout</c> file, which marks a layout directory (image-spec 1.1.1, image-layout.md).</summary>
public sealed record OciLayoutHeader : IOciDocumentModel<OciLayoutHeader>
{
    /// <summary>The version of the layout that is read and written.</summary>
    public const string CurrentVersion = "1.0.0";

    /// <summary>Gets the version of the layout.</summary>
    [JsonPropertyName("imageLayoutVersion")]
    public required string ImageLayoutVersion { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    static string IOciDocumentModel<OciLayoutHeader>.DefaultMediaType => MediaTypes.LayoutHeader;

    static JsonTypeInfo<OciLayoutHeader> IOciDocumentModel<OciLayoutHeader>.TypeInfo => OciJson.Context.OciLayoutHeader;

    static DocumentShape IOciDocumentModel<OciLayoutHeader>.Shape => DocumentShape.LayoutHeader;

    string? IOciDocumentModel<OciLayoutHeader>.DeclaredMediaType => null;

    /// <inheritdoc/>
    public bool Equals(OciLayoutHeader? other) =>
        other is not null && ImageLayoutVersion == other.ImageLayoutVersion && Structural.Equal(Unknown, other.Unknown);

    /// <inheritdoc/>
    public override int GetHashCode() => ImageLayoutVersion.GetHashCode(StringComparison.Ordinal);
}
