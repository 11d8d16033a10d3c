namespace OciImage.Tests.Layers.Conformance;

/// <summary>Layers, and the tree that they make or the error that they end in.</summary>
internal sealed record LayerCase
{
    public required string Id { get; init; }

    /// <summary>Gets where the case is from: a section of a specification, a test of another project, a row of attacks.</summary>
    public required IReadOnlyList<string> From { get; init; }

    public required string Why { get; init; }

    public CaseLimits Limits { get; init; } = new();

    /// <summary>Gets the tree that the layers are applied to, as entries of a layer without whiteouts.</summary>
    public IReadOnlyList<CaseEntry> Lower { get; init; } = [];

    public required IReadOnlyList<CaseLayer> Layers { get; init; }

    public required CaseExpectation Expect { get; init; }

    public IReadOnlyList<CaseVariant> Variants { get; init; } = [];

    /// <summary>Returns what is expected of an output, with the variants that apply.</summary>
    public CaseExpectation ExpectationFor(string output, bool isRoot)
    {
        CaseExpectation expectation = Expect;
        foreach (CaseVariant variant in Variants.Where(variant => variant.AppliesTo(output, isRoot ? "root" : "user")))
        {
            expectation = variant.Apply(expectation);
        }

        return expectation;
    }
}
