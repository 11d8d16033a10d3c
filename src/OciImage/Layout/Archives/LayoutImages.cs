namespace OciImage.Layout;

/// <summary>The images of an archive that is an OCI layout.</summary>
internal sealed class LayoutImages : ArchiveImages
{
    private readonly ArchiveIndex _index;
    private readonly IReadOnlyList<Descriptor> _roots;

    public LayoutImages(ArchiveIndex index, IReadOnlyList<Descriptor> roots, bool isHybrid)
    {
        _index = index;
        _roots = roots;
        Names = [.. _roots.Select(ArchiveName.Of)];
        Format = isHybrid ? ImageArchiveFormat.Hybrid : ImageArchiveFormat.Oci;
    }

    public override ImageArchiveFormat Format { get; }

    public override IReadOnlyList<ArchiveName> Names { get; }

    public override ValueTask<IReadOnlyList<Descriptor>> ReadRootsAsync(
        Func<ArchiveName, bool>? isWanted, CancellationToken cancellationToken) =>
        new(isWanted is null ? _roots : [.. _roots.Where((_, i) => isWanted(Names[i]))]);

    public override ValueTask<ArchiveBlob?> FindAsync(Digest digest, CancellationToken cancellationToken) =>
        new(_index.Find($"blobs/{digest.Algorithm}/{digest.Encoded}") is { } entry ? new ArchiveBlob(entry) : null);
}
