using OciImage.Engines;
using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>An image in a local Docker Engine, or all of them.</summary>
/// <param name="Text">The name as it was written.</param>
/// <param name="Name">The name by Docker's defaults, or <see langword="null"/> where none was written.</param>
/// <param name="HasTag">Whether the tag was written, rather than a default.</param>
internal sealed record DockerDaemonLocation(string Text, ImageReference? Name, bool HasTag) : ImageLocation
{
    public const string Prefix = "docker-daemon:";

    public override string? Tag => HasTag ? Name?.Tag : null;

    public override Digest? Digest => null;

    /// <exception cref="UsageException">The text is no name, or has a digest.</exception>
    public static DockerDaemonLocation Parse(string text)
    {
        if (text.Length == 0)
        {
            return new DockerDaemonLocation(text, null, false);
        }

        return ImageReference.TryParse(text, out ImageReference? name) && name.Digest is null
            ? new DockerDaemonLocation(text, name, EngineNames.HasTag(text))
            : throw new UsageException($"'{text}' is not the name of an image with a tag: '{Prefix}NAME[:TAG]'.");
    }

    public override string ToPlaceText() => Name is null ? Prefix : $"{Prefix}{Name.Registry}/{Name.Repository}";

    /// <summary>Returns the place with the defaults of what was left out.</summary>
    public override string ToString() => Prefix + Name;

    public override string Describe(string? tag, Digest digest) => $"{ToPlaceText()}:{tag ?? ImageReference.DefaultTag}";

    public override async Task<OpenedImage> OpenImageAsync(PlaceAccess access, int jobs, CancellationToken cancellationToken)
    {
        if (Name is null)
        {
            throw new UsageException($"An image of Docker is written '{Prefix}NAME[:TAG]'; NAME is missing.");
        }

        using DockerEngine engine = await DockerEngine.ConnectAsync(ReadOptions(access), cancellationToken);
        return await OpenedDockerImage.OpenAsync(engine, Name, cancellationToken);
    }

    public override async Task<OpenedStore> OpenStoreAsync(
        PlaceAccess access, bool create, int jobs, OpenedImage? origin, CancellationToken cancellationToken)
    {
        if (Name is null && create)
        {
            throw new UsageException($"An image of Docker is written '{Prefix}NAME[:TAG]'; NAME is missing.");
        }

        DockerEngine engine = await DockerEngine.ConnectAsync(ReadOptions(access), cancellationToken);
        DirectoryInfo staging = Directory.CreateTempSubdirectory("ocimg-docker-");
        try
        {
            // Nothing of it outlives this process, so nothing of it need survive a power cut.
            OciLayout layout = await OciLayout.OpenOrCreateAsync(
                staging.FullName, new OciLayoutOptions { Durability = Durability.None }, cancellationToken);
            return new OpenedDockerDaemon(new DockerDaemonStore(engine, layout, Name), engine, staging);
        }
        catch
        {
            engine.Dispose();
            staging.Delete(recursive: true);
            throw;
        }
    }

    private static DockerEngineOptions ReadOptions(PlaceAccess access)
    {
        try
        {
            return DockerEngineOptions.FromEnvironment(access.Variables);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception.Message, exception);
        }
    }
}
