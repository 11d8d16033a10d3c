using System.Text.Json.Serialization;

namespace OciImage.Json;

[JsonSerializable(typeof(Descriptor))]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(OciLayoutHeader))]
internal sealed partial class OciJsonContext : JsonSerializerContext;
