using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>A thing in a merged tree; several names may share one that is no directory.</summary>
internal class MergedNode(TarEntryType type, NodeMetadata metadata)
{
    public TarEntryType Type { get; } = type;

    public NodeMetadata Metadata { get; set; } = metadata;

    /// <summary>Gets the target of a symbolic link.</summary>
    public byte[] LinkTarget { get; init; } = [];

    public long DeviceMajor { get; init; }

    public long DeviceMinor { get; init; }

    /// <summary>Gets or sets where the content of a regular file is.</summary>
    public FileContent? Content { get; set; }

    /// <summary>Gets or sets whether it was ever given a second name.</summary>
    public bool WasLinked { get; set; }
}
