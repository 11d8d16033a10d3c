using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>What stands beside the bytes of an ingest: what cannot be told from them.</summary>
/// <param name="Key">The key, of which the file's name is only a hash.</param>
/// <param name="StartedAt">The time when the ingest was started.</param>
/// <param name="Total">The expected number of bytes.</param>
/// <param name="Boot">The run of the system that wrote bytes since they were last flushed.</param>
/// <param name="Flushed">The number of bytes that a power cut leaves.</param>
internal sealed record IngestRecord(string Key, DateTimeOffset StartedAt, long? Total, string? Boot, long Flushed)
{
    private const int MaxSize = 4096;
    private const string BootFile = "/proc/sys/kernel/random/boot_id";

    /// <summary>Gets the name of this run of the system, or <see langword="null"/> where it has none.</summary>
    public static string? CurrentBoot { get; } = ReadBoot();

    /// <summary>Returns how many bytes of a file may be gone on from: memory keeps all until the system itself ends.</summary>
    public long Trusted(long length) => Boot == CurrentBoot ? length : Math.Min(length, Flushed);

    /// <summary>Reads a record; one that is absent, damaged, or of another key is none.</summary>
    public static IngestRecord? TryRead(string path, string? key = null)
    {
        try
        {
            using SafeFileHandle? handle = BlobFile.TryOpen(path, out _);
            if (handle is null || RandomAccess.GetLength(handle) > MaxSize)
            {
                return null;
            }

            byte[] bytes = new byte[MaxSize];
            int read = RandomAccess.Read(handle, bytes, 0);
            IngestRecord? record = JsonSerializer.Deserialize(bytes.AsSpan(0, read), IngestJsonContext.Default.IngestRecord);
            return record is { Key: not null, Flushed: >= 0, Total: null or >= 0 } && (key is null || record.Key == key) ? record : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, IngestJsonContext.Default.IngestRecord);

    private static string? ReadBoot()
    {
        try
        {
            return File.ReadAllText(BootFile).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IngestRecord))]
internal sealed partial class IngestJsonContext : JsonSerializerContext;
