using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OciImage.Server.Listing;
using OciImage.Server.Refusals;

namespace OciImage.Server;

[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(TagList))]
[JsonSerializable(typeof(RepositoryList))]
internal sealed partial class RegistryJsonContext : JsonSerializerContext
{
    /// <summary>Gets the context for answers: nothing that is null, and quotes that a person can read.</summary>
    public static RegistryJsonContext Answers { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
