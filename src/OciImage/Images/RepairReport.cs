using OciImage.Content;

namespace OciImage.Images;

/// <summary>Tells what a repair has done, and what is wrong after it.</summary>
/// <param name="Check">The last check: what is still wrong.</param>
/// <param name="Results">What was done about each piece of content that was at fault.</param>
public sealed record RepairReport(CheckReport Check, IReadOnlyList<RepairResult> Results);
