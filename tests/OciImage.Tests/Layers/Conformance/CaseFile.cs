using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>A file of the conformance table (docs/layer-conformance.md).</summary>
internal sealed record CaseFile
{
    public const string CurrentFormat = "oci-layer-conformance/1";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.Strict,
    };

    public required string Format { get; init; }

    public required string Topic { get; init; }

    public required IReadOnlyList<LayerCase> Cases { get; init; }

    /// <summary>Gets the directory that the files lie in, beside the tests.</summary>
    public static string Directory { get; } = Path.Combine(AppContext.BaseDirectory, "Layers", "Conformance", "cases");

    /// <summary>Gets all cases by their ids, in the order of the files' names.</summary>
    public static IReadOnlyDictionary<string, LayerCase> All { get; } = ReadAll().ToDictionary(each => each.Id);

    public static IEnumerable<string> Files() => System.IO.Directory.GetFiles(Directory, "*.json").Order(StringComparer.Ordinal);

    public static CaseFile Read(string path) =>
        JsonSerializer.Deserialize<CaseFile>(File.ReadAllBytes(path), Options) is { Format: CurrentFormat } file
            ? file
            : throw new InvalidDataException($"'{path}' is not in the format {CurrentFormat}.");

    private static IEnumerable<LayerCase> ReadAll() => Files().SelectMany(path => Read(path).Cases);
}
