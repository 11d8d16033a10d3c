using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OciImage.Json;

namespace OciImage.Bundles;

/// <summary>Holds the one way in which configurations of containers are read and written.</summary>
internal static class RuntimeJson
{
    private const string MountNamespace = "mount";

    private static readonly JsonSerializerOptions Options = new()
    {
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 64,
        NewLine = "\n",
        TypeInfoResolver = RuntimeJsonContext.Default.WithAddedModifier(LeaveOutEmptyCollections),
        WriteIndented = true,
    };

    private static JsonTypeInfo<RuntimeSpecification> Specification { get; } =
        (JsonTypeInfo<RuntimeSpecification>)Options.GetTypeInfo(typeof(RuntimeSpecification));

    public static RuntimeSpecification Parse(ReadOnlySpan<byte> bytes)
    {
        DocumentInspector.Inspect(bytes, RuntimeRules.Specification, DocumentOptions.Default);

        return DocumentInspector.Deserialize(bytes, Specification);
    }

    public static byte[] ToBytes(RuntimeSpecification specification)
    {
        RequireMountNamespace(specification);
        if (specification.Process is { Args: [] or ["", ..] })
        {
            throw new BundleException(BundleErrorKind.NoCommand, "The process of the configuration has no program to run.");
        }

        return [.. JsonSerializer.SerializeToUtf8Bytes(specification, Specification), (byte)'\n'];
    }

    public static bool AreEqual<T>(T left, T? right)
        where T : class
    {
        if (right is null || ReferenceEquals(left, right))
        {
            return right is not null;
        }

        var typeInfo = (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
        return JsonElement.DeepEquals(
            JsonSerializer.SerializeToElement(left, typeInfo), JsonSerializer.SerializeToElement(right, typeInfo));
    }

    // Without a new one a runtime mounts the root filesystem and /proc into the namespace it was started in, which is the host's; a
    // path names one that is there already, and that may be the host's as well.
    private static void RequireMountNamespace(RuntimeSpecification specification)
    {
        RuntimeNamespace[] found =
            [.. (specification.Linux?.Namespaces ?? []).Where(candidate => candidate.Type == MountNamespace)];
        string? fault = found switch
        {
            [] => "has no mount namespace",
            [{ Path: null or "" }] => null,
            [_] => "joins a mount namespace that is there already",
            _ => "has more than one mount namespace",
        };
        if (fault is not null)
        {
            throw new BundleException(
                BundleErrorKind.NoMountNamespace,
                $"The configuration {fault}; a container would mount its file systems outside. Expected one new mount namespace.");
        }
    }

    private static void LeaveOutEmptyCollections(JsonTypeInfo typeInfo)
    {
        foreach (JsonPropertyInfo property in typeInfo.Properties)
        {
            if (!property.IsExtensionData && property.PropertyType != typeof(string) &&
                typeof(IEnumerable).IsAssignableFrom(property.PropertyType))
            {
                property.ShouldSerialize = static (_, value) =>
                    value is IEnumerable items && items.GetEnumerator().MoveNext();
            }
        }
    }
}
