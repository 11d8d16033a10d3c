namespace OciImage.Tests.Layers.Conformance;

/// <summary>A sparse file: its format in the archive, its size, and the parts that have data.</summary>
internal sealed record CaseSparse
{
    /// <summary>Gets the format: gnu, pax-0.0, pax-0.1 or pax-1.0.</summary>
    public required string Format { get; init; }

    public required long Size { get; init; }

    public required IReadOnlyList<CaseExtent> Extents { get; init; }
}
