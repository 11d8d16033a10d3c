namespace OciImage.Layers;

/// <summary>Tells what was written as one archive.</summary>
/// <param name="Entries">The number of entries.</param>
/// <param name="Bytes">The number of bytes of content.</param>
public sealed record FlattenedArchive(long Entries, long Bytes);
