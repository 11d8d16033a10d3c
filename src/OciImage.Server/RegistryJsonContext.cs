using System.Text.Json.Serialization;
using OciImage.Server.Listing;
using OciImage.Server.Refusals;

namespace OciImage.Server;

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(TagList))]
[JsonSerializable(typeof(RepositoryList))]
internal sealed partial class RegistryJsonContext : JsonSerializerContext;
