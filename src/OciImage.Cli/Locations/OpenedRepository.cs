using OciImage.Registry;

namespace OciImage.Cli.Locations;

/// <summary>A repository of a registry, opened for writing or for questions.</summary>
internal sealed class OpenedRepository(RepositoryClient repository, RegistryClient? client) : OpenedStore(repository)
{
    public override async Task<Descriptor> FindBlobAsync(Digest digest, CancellationToken cancellationToken) =>
        await repository.ResolveBlobAsync(digest, cancellationToken);

    public override ValueTask DisposeAsync()
    {
        client?.Dispose();
        return base.DisposeAsync();
    }
}
