using OciImage.Engines;
using OciImage.Registry;

namespace OciImage.Cli.Locations;

/// <summary>An image in a containerd, or all of them.</summary>
/// <param name="Text">The name as it was written; containerd may have it like that.</param>
/// <param name="Name">The name by Docker's defaults, or <see langword="null"/> where the text is no reference.</param>
/// <param name="HasTag">Whether the tag was written, rather than a default.</param>
internal sealed record ContainerdLocation(string Text, ImageReference? Name, bool HasTag) : ImageLocation
{
    public const string Prefix = "containerd:";

    public override string? Tag => HasTag ? Name?.Tag : null;

    public override Digest? Digest => Name?.Digest;

    public static ContainerdLocation Parse(string text) => new(
        text, ImageReference.TryParse(text, out ImageReference? name) ? name : null, EngineNames.HasTag(text));

    public override string ToPlaceText() => Name is null ? Prefix + Text : $"{Prefix}{Name.Registry}/{Name.Repository}";

    /// <summary>Returns the place with the defaults of what was left out.</summary>
    public override string ToString() => Prefix + (Name?.ToString() ?? Text);

    public override async Task<OpenedImage> OpenImageAsync(PlaceAccess access, int jobs, CancellationToken cancellationToken)
    {
        if (Text.Length == 0)
        {
            throw new UsageException("An image of containerd is written 'containerd:NAME[:TAG]' or 'containerd:NAME@DIGEST'; NAME is missing.");
        }

        try
        {
            if (Name is not null)
            {
                return await OpenAsync(access, $"{Name.Registry}/{Name.Repository}", Name.Reference, cancellationToken);
            }
        }
        catch (ContentNotFoundException) when (Name?.ToString() != Text && Digest is null)
        {
            // Other tools keep names as they were written.
        }

        return await OpenAsync(access, null, Text, cancellationToken);
    }

    public override async Task<OpenedStore> OpenStoreAsync(
        PlaceAccess access, bool create, int jobs, OpenedImage? origin, CancellationToken cancellationToken)
    {
        if (Name is null && (create || Text.Length > 0))
        {
            throw new UsageException($"'{Text}' is not the name of an image: 'containerd:NAME[:TAG]'.");
        }

        ContainerdOptions options = ReadOptions(access, Name is null ? null : $"{Name.Registry}/{Name.Repository}");
        if (origin?.Source is RepositoryClient source)
        {
            options.Origin = new ImageReference { Registry = source.Registry, Repository = source.Repository };
        }

        ContainerdStore store = await ContainerdStore.ConnectAsync(options, cancellationToken);
        try
        {
            return new OpenedContainerd(store, create ? await store.HoldAsync(cancellationToken) : null);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private static async Task<OpenedImage> OpenAsync(
        PlaceAccess access, string? repository, string reference, CancellationToken cancellationToken)
    {
        ContainerdStore store = await ContainerdStore.ConnectAsync(ReadOptions(access, repository), cancellationToken);
        try
        {
            Descriptor root = await store.ResolveAsync(reference, cancellationToken);
            return new OpenedContainerdImage(store, root, repository is null || reference.Contains(':', StringComparison.Ordinal) ? null : reference);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private static ContainerdOptions ReadOptions(PlaceAccess access, string? repository)
    {
        try
        {
            ContainerdOptions options = ContainerdOptions.FromEnvironment(access.Variables);
            options.Repository = repository;
            if (access.Namespace is { } name)
            {
                options.Namespace = name;
            }

            return options;
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception.Message, exception);
        }
    }
}
