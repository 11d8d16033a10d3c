using System.Runtime.InteropServices;

namespace OciImage.Content;

/// <summary>Opens bytes in memory as a read-only stream.</summary>
internal static class MemoryContent
{
    public static MemoryStream OpenRead(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(bytes.ToArray(), writable: false);
}
