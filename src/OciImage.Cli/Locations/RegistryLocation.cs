using OciImage.Registry;
using OciImage.Registry.Hosts;

namespace OciImage.Cli.Locations;

/// <summary>An image in a registry.</summary>
/// <param name="Name">The reference, with Docker's defaults where something was left out.</param>
/// <param name="HasTag">Whether the tag was written, rather than a default.</param>
internal sealed record RegistryLocation(ImageReference Name, bool HasTag) : ImageLocation
{
    public override string? Tag => HasTag ? Name.Tag : null;

    public override Digest? Digest => Name.Digest;

    /// <summary>Parses a reference; a short name is looked up as <c>registries.conf</c> says, unless it is Docker's by its prefix.</summary>
    public static RegistryLocation ParseReference(string text, bool isDockers)
    {
        ImageReference name;
        try
        {
            // A command line is parsed at once; only a short name reads files, and those are local and small.
            name = !isDockers && ShortNames.IsShort(text)
                ? SystemRegistryHosts.FromEnvironment().ShortNames.ResolveAsync(text).AsTask().GetAwaiter().GetResult()
                : ImageReference.Parse(text);
        }
        catch (Exception exception) when (exception is FormatException or ShortNameException or DocumentFormatException)
        {
            throw new UsageException(exception.Message, exception);
        }

        int digest = text.IndexOf('@', StringComparison.Ordinal);
        string undigested = digest < 0 ? text : text[..digest];
        bool hasTag = undigested.IndexOf(':', undigested.LastIndexOf('/') + 1) >= 0;

        return new RegistryLocation(name, hasTag);
    }

    public override async Task<OpenedImage> OpenImageAsync(
        PlaceAccess access, int jobs, CancellationToken cancellationToken)
    {
        RegistryClient client = access.CreateClient(Name.Registry, jobs);
        try
        {
            RepositoryClient repository = client.GetRepository(Name);
            Descriptor root = await repository.ResolveAsync(Name.Reference, cancellationToken);
            return new OpenedRegistryImage(
                repository, root, Tag ?? (Name.Digest is null ? Name.Tag : null), access, client);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public override Task<OpenedStore> OpenStoreAsync(
        PlaceAccess access, bool create, int jobs, OpenedImage? origin, CancellationToken cancellationToken)
    {
        RegistryClient? shared = (origin as OpenedRegistryImage)?.ShareClient(access, Name.Registry);
        RegistryClient client = shared ?? access.CreateClient(Name.Registry, jobs);
        return Task.FromResult<OpenedStore>(
            new OpenedRepository(client.GetRepository(Name), shared is null ? client : null));
    }

    public override string ToPlaceText() => $"{Name.Registry}/{Name.Repository}";

    /// <summary>Returns the place as written, with its defaults: a default tag is shown where nothing else was said.</summary>
    public override string ToString() => Name.ToString();
}
