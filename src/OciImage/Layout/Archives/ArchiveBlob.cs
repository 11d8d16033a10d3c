using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Content of an archive: an entry of it, or bytes that were made for it.</summary>
internal readonly record struct ArchiveBlob(long Offset, long Length, ReadOnlyMemory<byte>? Made)
{
    public ArchiveBlob(ArchiveEntry entry)
        : this(entry.Offset, entry.Length, null)
    {
    }

    public ArchiveBlob(ReadOnlyMemory<byte> made)
        : this(0, made.Length, made)
    {
    }

    public Stream Open(ArchiveBytes bytes) =>
        Made is { } made ? MemoryContent.OpenRead(made) : new ArchiveSlice(bytes, Offset, Length);
}
