using OciImage.Engines;

namespace OciImage.Cli.Locations;

/// <summary>A Docker Engine opened for writing or for questions, with the directory where an image is put together.</summary>
internal sealed class OpenedDockerDaemon(DockerDaemonStore store, DockerEngine engine, DirectoryInfo staging) : OpenedStore(store)
{
    /// <summary>Gets the platform of the engine, which keeps the image for one.</summary>
    public override Platform? OnlyPlatform => engine.Platform;

    public override bool KeepsReferrers => false;

    public override string? InheritTag(string? tag) => EngineNames.ToTag(tag);

    /// <summary>Lets Docker load the image, which it names last.</summary>
    public override Task CompleteAsync(Descriptor root, string? tag, CancellationToken cancellationToken) =>
        store.LoadAsync(root, tag ?? ImageReference.DefaultTag, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        engine.Dispose();
        staging.Delete(recursive: true);
        await base.DisposeAsync();
    }
}
