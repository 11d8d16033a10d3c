using OciImage.Engines;
using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>An image that Docker gave as an archive, in a temporary file that goes with it.</summary>
internal sealed class OpenedDockerImage(ImageArchive archive, Descriptor root, string? tag) : OpenedImage(archive, root, tag)
{
    private readonly ImageArchive _archive = archive;

    public static async Task<OpenedImage> OpenAsync(DockerEngine engine, ImageReference name, CancellationToken cancellationToken)
    {
        ImageArchive archive = await engine.OpenImageAsync(name.ToString(), cancellationToken);
        try
        {
            IReadOnlyList<Descriptor> roots = await archive.ReadRootsAsync(cancellationToken);
            return roots.Select(root => root.Digest).Distinct().Count() == 1
                ? new OpenedDockerImage(archive, roots[0].ToContentDescriptor(), name.Tag)
                : throw new DocumentFormatException($"Docker gave {roots.Count} images for '{name}', expected one.");
        }
        catch
        {
            await archive.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _archive.DisposeAsync();
        await base.DisposeAsync();
    }
}
