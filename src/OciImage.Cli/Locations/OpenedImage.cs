using OciImage.Content;
using OciImage.Layout;
using OciImage.Registry;

namespace OciImage.Cli.Locations;

/// <summary>A location opened for reading, with the image that it names found.</summary>
internal sealed class OpenedImage : IDisposable
{
    // Beyond that a user names the image.
    private const int MaxRootsToCompare = 256;

    private readonly RegistryClient? _client;

    private readonly RegistryAccess _access;

    private OpenedImage(
        IImageSource source, Descriptor root, string? tag, RegistryAccess access, RegistryClient? client = null)
    {
        Source = source;
        Root = root;
        Tag = tag;
        _access = access;
        _client = client;
    }

    public IImageSource Source { get; }

    /// <summary>Gets the descriptor of the manifest or index.</summary>
    public Descriptor Root { get; }

    /// <summary>Gets the tag that led there, or <see langword="null"/>.</summary>
    public string? Tag { get; }

    public static async Task<OpenedImage> OpenAsync(
        ImageLocation location, RegistryAccess access, CancellationToken cancellationToken, int jobs = 0)
    {
        if (location is LayoutLocation layout)
        {
            return await OpenLayoutAsync(layout, access, cancellationToken);
        }

        ImageReference name = ((RegistryLocation)location).Name;
        RegistryClient client = access.CreateClient(name.Registry, jobs);
        try
        {
            RepositoryClient repository = client.GetRepository(name);
            Descriptor root = await repository.ResolveAsync(name.Reference, cancellationToken);
            return new OpenedImage(
                repository, root, location.Tag ?? (name.Digest is null ? name.Tag : null), access, client);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Gets the client where it speaks to a registry in a given way, so that blobs can be mounted.</summary>
    public RegistryClient? ShareClient(RegistryAccess access, string registry) =>
        access == _access && (access.Credential is null || (Source as RepositoryClient)?.Registry == registry) ? _client : null;

    public void Dispose() => _client?.Dispose();

    private static async Task<OpenedImage> OpenLayoutAsync(
        LayoutLocation location, RegistryAccess access, CancellationToken cancellationToken)
    {
        OciLayout layout = await OciLayout.OpenAsync(location.Directory, cancellationToken: cancellationToken);
        if ((location.Digest?.ToString() ?? location.Tag) is string reference)
        {
            Descriptor named = await layout.ResolveAsync(reference, cancellationToken);
            return new OpenedImage(layout, named, location.Tag, access);
        }

        IReadOnlyList<Descriptor> roots = await WithoutReferrersAsync(
            layout, (await layout.ReadIndexAsync(cancellationToken)).Value.Manifests, cancellationToken);
        if (roots.Count == 0)
        {
            throw new ContentNotFoundException($"The layout '{location.Directory}' has no image.");
        }

        if (roots.DistinctBy(root => root.Digest).Count() > 1)
        {
            throw new UsageException(
                $"The layout '{location.Directory}' has {roots.Count} images. Say which: 'oci:{location.Directory}:TAG' " +
                $"or '@DIGEST'; 'ocimg tags oci:{location.Directory}' lists the tags.");
        }

        return new OpenedImage(
            layout, roots[0].ToContentDescriptor(), roots[0].Annotations.GetValueOrDefault(AnnotationKeys.RefName), access);
    }

    // A layout lists signatures and the like beside the image that they refer to; nobody means them where there is an image.
    private static async Task<IReadOnlyList<Descriptor>> WithoutReferrersAsync(
        OciLayout layout, IReadOnlyList<Descriptor> roots, CancellationToken cancellationToken)
    {
        if (roots.Count is < 2 or > MaxRootsToCompare)
        {
            return roots;
        }

        var referrers = new HashSet<Digest>();
        foreach (Descriptor root in roots)
        {
            await foreach (Descriptor referrer in layout.ListReferrersAsync(root, cancellationToken: cancellationToken))
            {
                referrers.Add(referrer.Digest);
            }
        }

        Descriptor[] others = [.. roots.Where(root => IsTagged(root) || !referrers.Contains(root.Digest))];
        return others.Length == 0 ? roots : others;
    }

    private static bool IsTagged(Descriptor root) => root.Annotations.ContainsKey(AnnotationKeys.RefName);
}
