using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>A layout opened for writing or for questions.</summary>
internal sealed class OpenedLayout(OciLayout layout, IDisposable? hold = null) : OpenedStore(layout)
{
    /// <summary>Opens a layout that no collector shall take from until all is named.</summary>
    public static OpenedLayout ForWriting(OciLayout layout) => new(layout, layout.Hold());

    public override async Task<IReadOnlyList<Descriptor>?> ReadRootsAsync(CancellationToken cancellationToken) =>
        (await layout.ReadIndexAsync(cancellationToken)).Value.Manifests;

    /// <summary>Lists what has no tag, so that it is found again.</summary>
    public override async Task CompleteAsync(Descriptor root, string? tag, CancellationToken cancellationToken)
    {
        if (tag is null)
        {
            await layout.AddRootAsync(root, cancellationToken);
        }
    }

    public override ValueTask DisposeAsync()
    {
        hold?.Dispose();
        return base.DisposeAsync();
    }
}
