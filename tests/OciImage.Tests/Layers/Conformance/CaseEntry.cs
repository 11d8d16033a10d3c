namespace OciImage.Tests.Layers.Conformance;

/// <summary>An entry of an archive as a case gives it; docs/layer-conformance.md says how it is written.</summary>
internal sealed record CaseEntry
{
    public const long DefaultUid = 1001;
    public const long DefaultGid = 1002;
    public const string DefaultTime = "1500000000";

    public string Type { get; init; } = "file";

    public string? Name { get; init; }

    public string? NameBase64 { get; init; }

    public string? Link { get; init; }

    public string? LinkBase64 { get; init; }

    public string? Mode { get; init; }

    public long Uid { get; init; } = DefaultUid;

    public long Gid { get; init; } = DefaultGid;

    public string Mtime { get; init; } = DefaultTime;

    public IReadOnlyDictionary<string, string> Xattrs { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<long>? Device { get; init; }

    public string? Content { get; init; }

    public string? ContentBase64 { get; init; }

    public CaseContent? ContentRepeat { get; init; }

    public CaseSparse? Sparse { get; init; }

    /// <summary>Gets records for the extended header, after those that the other fields need.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Pax { get; init; } = [];

    /// <summary>Gets bytes for the extended header, after all records.</summary>
    public string? PaxBase64 { get; init; }

    public IReadOnlyList<CasePatch> Header { get; init; } = [];

    /// <summary>Gets whether the checksum stays as it was before the header was changed.</summary>
    public bool KeepChecksum { get; init; }

    /// <summary>Gets how often the entry stands there, with its number for "{i}".</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Gets the blocks of a raw entry.</summary>
    public string? Base64 { get; init; }

    /// <summary>Gets the permissions that an entry of a type has where nothing is said.</summary>
    public static string DefaultMode(string type) => type switch
    {
        "dir" => "0755",
        "symlink" => "0777",
        _ => "0644",
    };
}
