namespace OciImage.Content;

/// <summary>Refuses parts that do not lie within their content.</summary>
internal static class ContentBounds
{
    public static void Check(Descriptor descriptor, long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, descriptor.Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, descriptor.Size - offset);
    }
}
