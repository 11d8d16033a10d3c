using OciImage.Engines;

namespace OciImage.Cli.Locations;

/// <summary>An image in a containerd, with the connection that reads it.</summary>
internal sealed class OpenedContainerdImage(ContainerdStore store, Descriptor root, string? tag) : OpenedImage(store, root, tag)
{
    public override async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await base.DisposeAsync();
    }
}
