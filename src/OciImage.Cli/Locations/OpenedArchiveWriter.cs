using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>An archive that is being written; the file appears when the image is complete.</summary>
internal sealed class OpenedArchiveWriter(ImageArchiveWriter writer) : OpenedStore(writer)
{
    // In order, so that the same image gives the same file.
    public override int MaxConcurrency => 1;

    public override async Task CompleteAsync(Descriptor root, string? tag, CancellationToken cancellationToken)
    {
        if (tag is null)
        {
            await writer.AddRootAsync(root, cancellationToken);
        }

        await writer.CompleteAsync(cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        await base.DisposeAsync();
    }
}
