using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>A layout opened for writing or for questions.</summary>
internal sealed class OpenedLayout(OciLayout layout) : OpenedStore(layout)
{
    /// <summary>Lists what has no tag, so that it is found again.</summary>
    public override async Task CompleteAsync(Descriptor root, string? tag, CancellationToken cancellationToken)
    {
        if (tag is null)
        {
            await layout.AddRootAsync(root, cancellationToken);
        }
    }
}
