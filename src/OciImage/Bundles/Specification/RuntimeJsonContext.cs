using System.Text.Json.Serialization;

namespace OciImage.Bundles;

[JsonSerializable(typeof(RuntimeSpecification))]
internal sealed partial class RuntimeJsonContext : JsonSerializerContext;
