namespace OciImage.Tests.Layers.Conformance;

/// <summary>What came of a case: no faults, or which; or why it cannot run here.</summary>
internal sealed record CaseOutcome(string Id, string Output, IReadOnlyList<string> Faults, string? Skipped = null)
{
    public override string ToString() => $"{Id} ({Output}): {string.Join(' ', Faults)}";
}
