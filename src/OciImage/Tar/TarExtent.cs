namespace OciImage.Tar;

/// <summary>A part of a sparse file that has data; what lies between extents reads as zeros.</summary>
/// <param name="Offset">The first byte in the file.</param>
/// <param name="Length">The number of bytes.</param>
public readonly record struct TarExtent(long Offset, long Length);
