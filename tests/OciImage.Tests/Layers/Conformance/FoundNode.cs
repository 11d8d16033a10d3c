namespace OciImage.Tests.Layers.Conformance;

/// <summary>What stands at a path of a tree that an output made.</summary>
internal sealed record FoundNode(string Type)
{
    public int Mode { get; init; }

    public long Uid { get; init; }

    public long Gid { get; init; }

    public long Seconds { get; init; }

    public long Nanoseconds { get; init; }

    public byte[] Link { get; init; } = [];

    public (long Major, long Minor) Device { get; init; }

    public long Size { get; init; }

    public string Sha256 { get; init; } = "";

    public bool HasHoles { get; init; }

    /// <summary>Gets attribute values in base64 by name.</summary>
    public IReadOnlyDictionary<string, string> Xattrs { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets what is the same for all names of one file, and for no other; null where an output does not tell.</summary>
    public string? Identity { get; init; }
}
