using OciImage.Content;
using OciImage.Layout;
using OciImage.Registry;

namespace OciImage.Cli.Locations;

/// <summary>A location opened for writing, or for questions that need no image to be there.</summary>
internal sealed class OpenedStore : IDisposable
{
    private readonly RegistryClient? _client;

    private OpenedStore(IImageStore store, RegistryClient? client)
    {
        Store = store;
        _client = client;
    }

    public IImageStore Store { get; }

    /// <summary>Opens a location; a registry is spoken to with the client of the image that is copied, where that can be.</summary>
    public static async Task<OpenedStore> OpenAsync(
        ImageLocation location,
        RegistryAccess access,
        bool create,
        CancellationToken cancellationToken,
        int jobs = 0,
        OpenedImage? origin = null)
    {
        if (location is LayoutLocation layout)
        {
            return new OpenedStore(
                create
                    ? await OciLayout.OpenOrCreateAsync(layout.Directory, cancellationToken: cancellationToken)
                    : await OciLayout.OpenAsync(layout.Directory, cancellationToken: cancellationToken),
                null);
        }

        ImageReference name = ((RegistryLocation)location).Name;
        if (origin?.ShareClient(access, name.Registry) is RegistryClient shared)
        {
            return new OpenedStore(shared.GetRepository(name), null);
        }

        RegistryClient client = access.CreateClient(name.Registry, jobs);
        return new OpenedStore(client.GetRepository(name), client);
    }

    /// <summary>Makes sure that what has no tag is found again: a layout lists it, a registry has it by its digest.</summary>
    public async Task KeepUntaggedAsync(Descriptor root, string? tag, CancellationToken cancellationToken)
    {
        if (tag is null && Store is OciLayout layout)
        {
            await layout.AddRootAsync(root, cancellationToken);
        }
    }

    /// <summary>Finds the size of a blob of which only the digest is known.</summary>
    public async Task<Descriptor> FindBlobAsync(Digest digest, CancellationToken cancellationToken) => Store switch
    {
        RepositoryClient repository => await repository.ResolveBlobAsync(digest, cancellationToken),
        _ => await Store.ResolveAsync(digest.ToString(), cancellationToken),
    };

    public void Dispose() => _client?.Dispose();
}
