using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace OciImage.Json;

/// <summary>Holds the one way in which documents are read and written.</summary>
internal static class OciJson
{
    /// <summary>Gets the context with the canonical form: known fields in the specification's order, nothing empty.</summary>
    public static OciTypes Context { get; } = new(CreateOptions());

    public static bool CanonicalEquals(ImageManifest left, ImageManifest right) =>
        CanonicalEquals(left, right, Context.ImageManifest);

    public static bool CanonicalEquals(ImageIndex left, ImageIndex right) =>
        CanonicalEquals(left, right, Context.ImageIndex);

    public static bool CanonicalEquals(ImageConfig left, ImageConfig right) =>
        CanonicalEquals(left, right, Context.ImageConfig);

    public static bool CanonicalEquals(ContainerConfig left, ContainerConfig right) =>
        CanonicalEquals(left, right, Context.ContainerConfig);

    private static bool CanonicalEquals<T>(T left, T right, JsonTypeInfo<T> typeInfo) =>
        ReferenceEquals(left, right) ||
        JsonElement.DeepEquals(
            JsonSerializer.SerializeToElement(left, typeInfo), JsonSerializer.SerializeToElement(right, typeInfo));

    // A context made with options would put itself in the place of the resolver with the modifier.
    internal sealed class OciTypes(JsonSerializerOptions options)
    {
        public JsonTypeInfo<ImageManifest> ImageManifest { get; } = Get<ImageManifest>(options);

        public JsonTypeInfo<ImageIndex> ImageIndex { get; } = Get<ImageIndex>(options);

        public JsonTypeInfo<ImageConfig> ImageConfig { get; } = Get<ImageConfig>(options);

        public JsonTypeInfo<ContainerConfig> ContainerConfig { get; } = Get<ContainerConfig>(options);

        public JsonTypeInfo<OciLayoutHeader> OciLayoutHeader { get; } = Get<OciLayoutHeader>(options);

        private static JsonTypeInfo<T> Get<T>(JsonSerializerOptions options) => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }

    private static JsonSerializerOptions CreateOptions() => new()
    {
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // Go's readers take both, and '+json' stays readable (docs/architecture.md, "Documents").
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 64,
        TypeInfoResolver = OciJsonContext.Default.WithAddedModifier(LeaveOutEmptyCollections),
    };

    private static void LeaveOutEmptyCollections(JsonTypeInfo typeInfo)
    {
        foreach (JsonPropertyInfo property in typeInfo.Properties)
        {
            if (typeInfo.Type == typeof(Platform))
            {
                // Other readers take a platform that lacks one of them, and so an index with one stays readable.
                property.IsRequired = false;
            }

            // 'layers', 'manifests' and 'diff_ids' are required, and Go's readers want [] rather than nothing.
            if (!property.IsExtensionData && property.Name is not ("layers" or "manifests" or "diff_ids") &&
                property.PropertyType != typeof(string) &&
                typeof(IEnumerable).IsAssignableFrom(property.PropertyType))
            {
                property.ShouldSerialize = static (_, value) =>
                    value is IEnumerable items && items.GetEnumerator().MoveNext();
            }
        }
    }
}
