namespace OciImage.Tests.Layers.Conformance;

/// <summary>The limits that a case is applied with; what is not given has the implementation's default.</summary>
internal sealed record CaseLimits
{
    public long? Entries { get; init; }

    public long? Bytes { get; init; }

    public int? Depth { get; init; }
}
