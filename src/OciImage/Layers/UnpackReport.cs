namespace OciImage.Layers;

/// <summary>Tells what was unpacked, and what was skipped or tolerated on the way.</summary>
/// <param name="Entries">The number of archive entries.</param>
/// <param name="Bytes">The number of bytes of regular files, holes not counted.</param>
/// <param name="Notes">What was skipped or tolerated, at most 1000 remarks.</param>
public sealed record UnpackReport(long Entries, long Bytes, IReadOnlyList<string> Notes);
