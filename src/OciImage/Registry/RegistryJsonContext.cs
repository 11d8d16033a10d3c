using System.Text.Json.Serialization;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;

namespace OciImage.Registry;

[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(TagList))]
[JsonSerializable(typeof(RepositoryList))]
internal sealed partial class RegistryJsonContext : JsonSerializerContext;
