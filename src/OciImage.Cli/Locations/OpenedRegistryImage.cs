using OciImage.Registry;

namespace OciImage.Cli.Locations;

/// <summary>An image in a registry, with the client that reads it.</summary>
internal sealed class OpenedRegistryImage(
    RepositoryClient repository, Descriptor root, string? tag, PlaceAccess access, RegistryClient client)
    : OpenedImage(repository, root, tag)
{
    public override string Repository => $"{repository.Registry}/{repository.Repository}";

    /// <summary>Gets the client where it speaks to a registry in a given way, so that blobs can be mounted.</summary>
    public RegistryClient? ShareClient(PlaceAccess wanted, string registry) =>
        wanted == access && (access.Credential is null || repository.Registry == registry) ? client : null;

    public override ValueTask DisposeAsync()
    {
        client.Dispose();
        return base.DisposeAsync();
    }
}
