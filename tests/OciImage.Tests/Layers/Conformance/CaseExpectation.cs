namespace OciImage.Tests.Layers.Conformance;

/// <summary>The tree that layers make, and what is remarked on; or the class of the error that they end in.</summary>
internal sealed record CaseExpectation
{
    public IReadOnlyDictionary<string, CaseNode>? Tree { get; init; }

    public string? Error { get; init; }

    /// <summary>Gets the kinds of all remarks, in any order.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
