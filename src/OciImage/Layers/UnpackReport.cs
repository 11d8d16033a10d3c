namespace OciImage.Layers;

/// <summary>Tells what was unpacked, and what was skipped, changed and tolerated on the way.</summary>
/// <param name="Entries">The number of archive entries.</param>
/// <param name="Bytes">The number of bytes of regular files, holes not counted.</param>
/// <param name="Remarks">What was skipped, changed or tolerated: at most 1000 remarks, and one that says if there were more.</param>
public sealed record UnpackReport(long Entries, long Bytes, IReadOnlyList<LayerRemark> Remarks);
