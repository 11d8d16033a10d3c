using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>An archive opened for questions.</summary>
internal sealed class OpenedArchive(ImageArchive archive, string place) : OpenedStore(new ReadOnlyArchive(archive, place))
{
    public override async Task<IReadOnlyList<Descriptor>?> ReadRootsAsync(CancellationToken cancellationToken) =>
        await archive.ReadRootsAsync(cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await archive.DisposeAsync();
        await base.DisposeAsync();
    }
}
