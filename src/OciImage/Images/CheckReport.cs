namespace OciImage.Images;

/// <summary>Tells what a check has read, and what was wrong.</summary>
/// <param name="Contents">The number of pieces of content that were read.</param>
/// <param name="Bytes">The number of bytes that were read.</param>
/// <param name="Faults">What was wrong, in the order in which documents name it; nothing when all is whole.</param>
public sealed record CheckReport(long Contents, long Bytes, IReadOnlyList<CheckFault> Faults)
{
    /// <summary>Gets whether nothing was wrong.</summary>
    public bool IsWhole => Faults.Count == 0;

    /// <summary>Gets whether the check gave up at <see cref="CheckOptions.MaxFaults"/>, so that there may be more faults.</summary>
    public bool IsTruncated { get; init; }
}
