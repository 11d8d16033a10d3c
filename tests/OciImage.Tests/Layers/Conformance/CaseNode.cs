using System.Security.Cryptography;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>What is expected at a path.</summary>
internal sealed record CaseNode
{
    public string Type { get; init; } = "file";

    public string? Mode { get; init; }

    public long Uid { get; init; } = CaseEntry.DefaultUid;

    public long Gid { get; init; } = CaseEntry.DefaultGid;

    /// <summary>Gets the time, or "any" where file systems differ.</summary>
    public string Mtime { get; init; } = CaseEntry.DefaultTime;

    public string? Link { get; init; }

    public string? LinkBase64 { get; init; }

    public IReadOnlyList<long>? Device { get; init; }

    public string? Content { get; init; }

    public string? ContentBase64 { get; init; }

    public CaseContent? ContentRepeat { get; init; }

    public long? Size { get; init; }

    public string? Sha256 { get; init; }

    /// <summary>Gets whether the file has holes.</summary>
    public bool Sparse { get; init; }

    public IReadOnlyDictionary<string, string> Xattrs { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the path of the file that this is another name of; all else is said there.</summary>
    public string? SameAs { get; init; }

    public int Repeat { get; init; } = 1;

    public bool IsImplied => Type == "implied";

    public (long Size, string Sha256) DescribeContent()
    {
        if (Sha256 is not null)
        {
            return (Size ?? throw new InvalidDataException("A digest goes with a size."), Sha256);
        }

        byte[] content = CaseContent.Of(Content, ContentBase64, ContentRepeat);
        return (content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));
    }
}
