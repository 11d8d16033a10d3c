using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Layout;

[JsonSerializable(typeof(DockerManifestEntry[]))]
internal sealed partial class ArchiveJsonContext : JsonSerializerContext
{
    /// <summary>Gets the context in which one name has one meaning.</summary>
    public static ArchiveJsonContext Strict { get; } = new(new JsonSerializerOptions
    {
        AllowDuplicateProperties = false,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 16,
    });
}
