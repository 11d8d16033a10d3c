namespace OciImage.Content;

/// <summary>Tells what was done about one piece of content.</summary>
/// <param name="Descriptor">The content.</param>
/// <param name="Outcome">What came of it.</param>
public sealed record RepairResult(Descriptor Descriptor, RepairOutcome Outcome)
{
    /// <summary>Gets where the damaged bytes are now, or <see langword="null"/> where there were none.</summary>
    public string? QuarantinedAs { get; init; }

    /// <summary>Gets why the last source did not give the content, or <see langword="null"/>.</summary>
    public Exception? Error { get; init; }
}
