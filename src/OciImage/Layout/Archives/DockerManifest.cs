using System.Text.Json;

namespace OciImage.Layout;

/// <summary>Reads and writes Docker's <c>manifest.json</c>.</summary>
internal static class DockerManifest
{
    public const string FileName = "manifest.json";

    private const int MaxImages = 10_000;
    private const int MaxLayers = 10_000;
    private const int MaxTags = 10_000;

    // Of all images together: each gets a manifest, which is many times as large as what stands here.
    private const int MaxAllLayers = 100_000;

    /// <summary>Reads the list of images.</summary>
    /// <exception cref="DocumentFormatException">The bytes are no such list, or it is too long.</exception>
    public static IReadOnlyList<DockerManifestEntry> Parse(ReadOnlySpan<byte> bytes, string place)
    {
        DockerManifestEntry?[]? entries;
        try
        {
            entries = JsonSerializer.Deserialize(bytes, ArchiveJsonContext.Strict.DockerManifestEntryArray);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Fault(place, "is not a list of images as 'docker save' writes it", exception);
        }

        if (entries is null || entries.Length > MaxImages || entries.Any(entry =>
            entry is null || string.IsNullOrEmpty(entry.Config) ||
            entry.Layers is { } layers && (layers.Count > MaxLayers || layers.Any(string.IsNullOrEmpty)) ||
            entry.RepoTags is { } tags && (tags.Count > MaxTags || tags.Any(string.IsNullOrEmpty))))
        {
            throw Fault(place, $"lists nothing, an image without a configuration, an empty name, or more than {MaxImages} of a kind", null);
        }

        if (entries.Sum(entry => (long)(entry!.Layers?.Count ?? 0)) > MaxAllLayers)
        {
            throw Fault(place, $"lists more than {MaxAllLayers} layers", null);
        }

        return entries!;
    }

    public static byte[] Write(IReadOnlyList<DockerManifestEntry> entries) =>
        JsonSerializer.SerializeToUtf8Bytes([.. entries], ArchiveJsonContext.Strict.DockerManifestEntryArray);

    /// <summary>Returns a name as people and Docker write it: without Docker's registry and <c>library/</c>.</summary>
    public static string ToFamiliar(string fullName)
    {
        const string Dockers = "docker.io/";
        const string Official = "docker.io/library/";
        return fullName.StartsWith(Official, StringComparison.Ordinal) && !fullName.AsSpan(Official.Length).Contains('/')
            ? fullName[Official.Length..]
            : fullName.StartsWith(Dockers, StringComparison.Ordinal) ? fullName[Dockers.Length..]
            : fullName;
    }

    private static DocumentFormatException Fault(string place, string what, Exception? cause) =>
        new($"'{FileName}' in '{place}' {what}.", innerException: cause);
}
