using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>A layout opened for writing or for questions.</summary>
internal sealed class OpenedLayout(OciLayout layout, IDisposable? hold = null) : OpenedStore(layout)
{
    /// <summary>Opens a layout that no collector shall take from until all is named.</summary>
    public static OpenedLayout ForWriting(OciLayout layout) => new(layout, layout.Hold());

    /// <summary>Lists the roots of the layout's namespace, whichever it is, as the default one has them: names are tags.</summary>
    public static async Task<IReadOnlyList<Descriptor>> ReadRootsAsync(OciLayout layout, CancellationToken cancellationToken)
    {
        var roots = new List<Descriptor>();
        await foreach (LayoutRoot listed in layout.ListRootsAsync(cancellationToken: cancellationToken))
        {
            roots.Add(listed.Name is null ? listed.Descriptor : listed.Descriptor with
            {
                Annotations = new Dictionary<string, string>(listed.Descriptor.Annotations)
                {
                    [AnnotationKeys.RefName] = listed.Name,
                },
            });
        }

        return roots;
    }

    public override async Task<IReadOnlyList<Descriptor>?> ReadRootsAsync(CancellationToken cancellationToken) =>
        await ReadRootsAsync(layout, cancellationToken);

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
