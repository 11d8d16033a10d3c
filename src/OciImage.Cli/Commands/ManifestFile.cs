using System.Text.Json;

namespace OciImage.Cli.Commands;

/// <summary>Reads a manifest or index from a file that a user made.</summary>
internal static class ManifestFile
{
    public static async Task<(Descriptor Descriptor, byte[] Bytes)> ReadAsync(
        string path, string? mediaType, CancellationToken cancellationToken)
    {
        long size = new FileInfo(path).Length;
        if (size > DocumentOptions.DefaultMaxSize)
        {
            throw new DocumentFormatException(
                $"The file '{path}' has {size} bytes; a manifest has at most {DocumentOptions.DefaultMaxSize}.");
        }

        byte[] bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        string type = mediaType ?? FindMediaType(path, bytes);
        if (MediaTypes.IsIndex(type))
        {
            return (OciDocument<ImageIndex>.Parse(bytes, type).Descriptor, bytes);
        }

        return MediaTypes.IsManifest(type)
            ? (OciDocument<ImageManifest>.Parse(bytes, type).Descriptor, bytes)
            : throw new UsageException($"'{type}' is not the media type of a manifest or an index.");
    }

    private static string FindMediaType(string path, byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new DocumentFormatException($"The file '{path}' holds a JSON {root.ValueKind}, expected an object.");
            }

            if (root.TryGetProperty("mediaType", out JsonElement declared) && declared.ValueKind == JsonValueKind.String)
            {
                return declared.GetString()!;
            }

            return root.TryGetProperty("manifests", out _) ? MediaTypes.ImageIndex : MediaTypes.ImageManifest;
        }
        catch (JsonException exception)
        {
            throw new DocumentFormatException($"The file '{path}' is not JSON.", null, exception);
        }
    }
}
