namespace OciImage.Tests.Layers.Conformance;

/// <summary>A part of a sparse file that has data.</summary>
internal sealed record CaseExtent(long Offset, string Content);
