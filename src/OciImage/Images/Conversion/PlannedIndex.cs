namespace OciImage.Images;

/// <summary>An index and what shall become of it.</summary>
internal sealed class PlannedIndex(Descriptor original, OciDocument<ImageIndex> document)
    : PlannedDocument(original, document.Bytes)
{
    public ImageIndex Index { get; } = document.Value;

    public IReadOnlyList<PlannedEntry> Entries { get; set; } = [];

    public override Digest? Subject => Index.Subject?.Digest;
}
