using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Cli.Output;

/// <summary>One report of progress, as JSON.</summary>
internal sealed record ProgressResult(string Digest, string MediaType, long Size, long Transferred, string State);

/// <summary>How far a collection is, as JSON.</summary>
internal sealed record StageResult(string Stage, long Done, long Total);

/// <summary>The labels of a name, as JSON.</summary>
internal sealed record LabelsResult(string Location, IReadOnlyDictionary<string, string> Labels);

/// <summary>What a command made or found, as JSON.</summary>
internal sealed record ContentResult(string Location, string Digest, string MediaType, long Size);

/// <summary>What a conversion made of an image, as JSON.</summary>
internal sealed record ConversionResult(
    string Location, string Digest, string MediaType, long Size, string SourceDigest,
    IReadOnlyList<ConvertedLayerResult> Layers, IReadOnlyList<string> Losses, IReadOnlyList<string> Notes);

/// <summary>What became of a layer, as JSON.</summary>
internal sealed record ConvertedLayerResult(string SourceDigest, string Digest, string MediaType, long Size, string Outcome);

/// <summary>The tags of a repository or a layout, as JSON.</summary>
internal sealed record TagsResult(string Location, IReadOnlyList<string> Tags);

/// <summary>A root of a layout, as JSON.</summary>
internal sealed record RootResult(
    string Namespace, string? Name, string Digest, string MediaType, long Size, long? ImageSize, DateTimeOffset? Created,
    IReadOnlyDictionary<string, string>? Labels);

/// <summary>The roots of a layout, as JSON.</summary>
internal sealed record RootsResult(string Location, IReadOnlyList<RootResult> Roots);

/// <summary>A lease, as JSON.</summary>
internal sealed record LeaseResult(
    string Namespace, string Id, DateTimeOffset? Created, DateTimeOffset? Expires,
    IReadOnlyDictionary<string, string>? Labels, IReadOnlyList<string> Content);

/// <summary>The leases of a namespace, as JSON.</summary>
internal sealed record LeasesResult(string Location, IReadOnlyList<LeaseResult> Leases);

/// <summary>What a collection removed and kept, as JSON.</summary>
internal sealed record GarbageResult(
    string Location, bool DryRun, bool Stopped, IReadOnlyList<string> Removed, long RemovedBytes, int Kept, long KeptBytes,
    int Recent, long RecentBytes, IReadOnlyList<string> Missing, IReadOnlyList<string> Damaged, IReadOnlyList<string> Refused,
    IReadOnlyList<string> Others, int PrunedEntries, int EndedLeases, int Holds, long UnfinishedBytes);

/// <summary>The repositories of a registry, as JSON.</summary>
internal sealed record CatalogResult(string Registry, IReadOnlyList<string> Repositories);

/// <summary>What refers to an image, as JSON.</summary>
internal sealed record ReferrersResult(string Location, string Digest, IReadOnlyList<ContentNode> Referrers);

/// <summary>What was unpacked, as JSON.</summary>
internal sealed record UnpackResult(
    string Location, string Digest, string Directory, long Entries, long Bytes, IReadOnlyList<string> Notes,
    string? Specification, IReadOnlyList<string>? LowerDirectories, string? MountOptions);

/// <summary>The files of an image, as JSON.</summary>
internal sealed record FilesResult(string Location, string Digest, IReadOnlyList<FileResult> Files, IReadOnlyList<string> Notes);

/// <summary>A file of an image, as JSON; a path that is no text is in Base64 too.</summary>
internal sealed record FileResult(
    string Path, string? PathBase64, string Type, string Mode, long Uid, long Gid, long Size, string Modified,
    string? LinkTarget, string? Device, string? ContentDigest, int? Layer, IReadOnlyDictionary<string, string>? Xattrs);

/// <summary>An archive that was written, as JSON.</summary>
internal sealed record FlattenResult(string Location, string Digest, string File, string DiffId, long Entries, long Bytes);

/// <summary>What a check found, as JSON.</summary>
internal sealed record CheckResult(
    string Location, string? Digest, bool Whole, long Contents, long Bytes, IReadOnlyList<FaultResult> Faults,
    bool Truncated, IReadOnlyList<RepairedResult>? Repairs);

/// <summary>What was done about one piece of content, as JSON.</summary>
internal sealed record RepairedResult(string Digest, string Outcome, string? QuarantinedAs, string? Error);

/// <summary>Something that is wrong with an image, as JSON.</summary>
internal sealed record FaultResult(string Digest, string Message);

/// <summary>Where a registry listens, as JSON.</summary>
internal sealed record ServeResult(string Host, string Address);

/// <summary>A document and what it points to, as JSON.</summary>
internal sealed record ContentNode(
    string Digest, string MediaType, long Size, string? ArtifactType, string? Platform,
    IReadOnlyDictionary<string, string>? Annotations, IReadOnlyList<ContentNode>? Children);

/// <summary>What an image says of itself, as JSON.</summary>
internal sealed record InspectResult(
    string Location, string Digest, string MediaType, long Size, string? ArtifactType, string? Platform,
    DateTimeOffset? Created, IReadOnlyList<string>? Entrypoint, IReadOnlyList<string>? Command,
    IReadOnlyList<string>? Environment, string? User, string? WorkingDirectory,
    IReadOnlyDictionary<string, string>? Labels, IReadOnlyDictionary<string, string>? Annotations,
    IReadOnlyList<ContentNode>? Manifests, IReadOnlyList<ContentNode>? Layers);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StageResult))]
[JsonSerializable(typeof(LabelsResult))]
[JsonSerializable(typeof(ProgressResult))]
[JsonSerializable(typeof(ContentResult))]
[JsonSerializable(typeof(ConversionResult))]
[JsonSerializable(typeof(TagsResult))]
[JsonSerializable(typeof(RootsResult))]
[JsonSerializable(typeof(LeaseResult))]
[JsonSerializable(typeof(LeasesResult))]
[JsonSerializable(typeof(GarbageResult))]
[JsonSerializable(typeof(CatalogResult))]
[JsonSerializable(typeof(ReferrersResult))]
[JsonSerializable(typeof(UnpackResult))]
[JsonSerializable(typeof(FilesResult))]
[JsonSerializable(typeof(FlattenResult))]
[JsonSerializable(typeof(CheckResult))]
[JsonSerializable(typeof(ServeResult))]
[JsonSerializable(typeof(ContentNode))]
[JsonSerializable(typeof(InspectResult))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class ResultJsonContext : JsonSerializerContext
{
    /// <summary>Gets the context for results: indented, and with '+json' as people write it.</summary>
    public static ResultJsonContext Results => field ??= new(Create(indented: true));

    /// <summary>Gets the context for one result on one line.</summary>
    public static ResultJsonContext Lines => field ??= new(Create(indented: false));

    private static JsonSerializerOptions Create(bool indented) => new(Default.Options)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = indented,
    };
}
