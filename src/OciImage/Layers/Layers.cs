#pragma warning disable // Stub: replaced by its owner.
using OciImage.Compression;
using OciImage.Content;
namespace OciImage.Layers;

public enum OwnerPolicy { /// <summary>Keep when root, else Ignore.</summary>
 Automatic, Keep, Ignore }
public enum DevicePolicy { /// <summary>Create when root, else Skip (reported).</summary>
 Automatic, Create, Skip, Placeholder }

public sealed class UnpackOptions
{
    public OwnerPolicy Owners { get; set; }
    public DevicePolicy Devices { get; set; }
    /// <summary>Replace a target that is not empty.</summary>
    public bool Force { get; set; }
    public long MaxEntries { get; set; } = 10_000_000;
    public long MaxBytes { get; set; } = 1L << 40;
    public int MaxDepth { get; set; } = 1024;
    public IProgress<ContentProgress>? Progress { get; set; }
}

/// <summary>What was skipped or tolerated.</summary>
public sealed record UnpackReport(long Entries, long Bytes, IReadOnlyList<string> Notes);

/// <summary>One layer to apply: its descriptor and DiffID.</summary>
public readonly record struct LayerToApply(Descriptor Descriptor, Digest DiffId);

public static class LayerUnpacker
{
    /// <summary>Whether this system can unpack a tree (Linux).</summary>
    public static bool IsSupported => throw new NotImplementedException();
    /// <summary>Applies layers, base first, to a new tree that appears at target only when blob digest and DiffID of every layer agreed.</summary>
    public static ValueTask<UnpackReport> UnpackAsync(IContentFetcher source, IReadOnlyList<LayerToApply> layers, string targetDirectory, UnpackOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}

/// <summary>A layer that was written: descriptor of the compressed bytes, and the DiffID.</summary>
public sealed record WrittenLayer(Descriptor Descriptor, Digest DiffId, long UncompressedSize);

public sealed class LayerWriterOptions
{
    public CompressionFormat Compression { get; set; } = CompressionFormat.Gzip;
    public int? CompressionLevel { get; set; }
    /// <summary>Times later than this are set to it (SOURCE_DATE_EPOCH); null keeps times.</summary>
    public DateTimeOffset? ClampTimesTo { get; set; }
    /// <summary>Owner of every entry; null keeps what the file system says.</summary>
    public (long Uid, long Gid)? Owner { get; set; }
    public bool DockerMediaTypes { get; set; }
}

/// <summary>A source of one subtree of a layer.</summary>
public sealed record LayerInput(string SourcePath, string DestinationPath);

public static class LayerWriter
{
    /// <summary>Writes one layer from directories and files; deterministic; ordinal order by path bytes ('/' first), parents included once.</summary>
    public static ValueTask<WrittenLayer> WriteAsync(IContentIngester target, IReadOnlyList<LayerInput> inputs, LayerWriterOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
