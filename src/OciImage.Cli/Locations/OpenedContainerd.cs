using OciImage.Engines;

namespace OciImage.Cli.Locations;

/// <summary>A containerd opened for writing or for questions, with the hold on what is written.</summary>
internal sealed class OpenedContainerd(ContainerdStore store, IAsyncDisposable? hold) : OpenedStore(store)
{
    public override string? InheritTag(string? tag) => EngineNames.ToTag(tag);

    /// <summary>Names what has no tag yet, since containerd collects what has none, and lets go: the name keeps it from here on.</summary>
    public override async Task CompleteAsync(Descriptor root, string? tag, CancellationToken cancellationToken)
    {
        if (tag is null)
        {
            await store.TagAsync(root, ImageReference.DefaultTag, cancellationToken);
        }

        if (hold is not null)
        {
            await hold.DisposeAsync();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await base.DisposeAsync();
    }
}
