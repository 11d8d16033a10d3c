using OciImage.Layers;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>The tree that an output made, and what it remarked on.</summary>
internal sealed record CaseResult(IReadOnlyDictionary<string, FoundNode> Tree, IReadOnlyList<LayerRemark> Remarks)
{
    /// <summary>Gets what of a node the output does not keep, such as holes.</summary>
    public CaseOmissions Omissions { get; init; }
}
