namespace OciImage.Tests.Layers.Conformance;

/// <summary>What else is expected of some outputs, or of those who are not root.</summary>
internal sealed record CaseVariant
{
    /// <summary>Gets the outputs that it is about; all where nothing is said.</summary>
    public IReadOnlyList<string>? Output { get; init; }

    /// <summary>Gets whom it is about, root or user; both where nothing is said.</summary>
    public string? Privilege { get; init; }

    public required string Why { get; init; }

    /// <summary>Gets the nodes that are other ones; null for those that are not there.</summary>
    public IReadOnlyDictionary<string, CaseNode?> Change { get; init; } = new Dictionary<string, CaseNode?>();

    public IReadOnlyList<string>? Remarks { get; init; }

    public string? Error { get; init; }

    /// <summary>Gets the tree instead of an error, or the whole other tree.</summary>
    public IReadOnlyDictionary<string, CaseNode>? Tree { get; init; }

    public bool AppliesTo(string output, string privilege) =>
        (Output is null || Output.Contains(output)) && (Privilege is null || Privilege == privilege);

    public CaseExpectation Apply(CaseExpectation expectation)
    {
        if (Error is not null)
        {
            return new CaseExpectation { Error = Error };
        }

        Dictionary<string, CaseNode> tree = new(Tree ?? expectation.Tree ?? new Dictionary<string, CaseNode>());
        foreach ((string path, CaseNode? node) in Change)
        {
            if (node is null)
            {
                tree.Remove(path);
            }
            else
            {
                tree[path] = node;
            }
        }

        return new CaseExpectation { Tree = tree, Remarks = Remarks ?? expectation.Remarks };
    }
}
