using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Images;
using OciImage.Layers;

namespace OciImage.Cli.Commands;

/// <summary>An image that was opened to look at its files.</summary>
internal sealed class ImageTree : IAsyncDisposable
{
    private readonly OpenedImage _opened;

    private ImageTree(OpenedImage opened, ContainerImage image, ImageFileTree files)
    {
        _opened = opened;
        Image = image;
        Files = files;
    }

    public ContainerImage Image { get; }

    public ImageFileTree Files { get; }

    public static async Task<ImageTree> OpenAsync(
        CommandContext context,
        ParseResult result,
        ImageLocation place,
        PlaceAccess access,
        Platform? platform,
        bool windowsFiles,
        CancellationToken cancellationToken)
    {
        OpenedImage opened = await OpenedImage.OpenAsync(place, access, cancellationToken);
        try
        {
            ContainerImage image = await ContainerImage.OpenAsync(opened.Source, opened.Root, platform, cancellationToken);
            ProgressReporter progress = context.StartProgress(result);
            await using (progress)
            {
                var options = new ImageFileTreeOptions
                {
                    Progress = progress,
                    WindowsLayers = windowsFiles ? WindowsLayerPolicy.FilesOnly : WindowsLayerPolicy.Refuse,
                };
                return new ImageTree(opened, image, await image.ReadFileTreeAsync(options, cancellationToken));
            }
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>Finds what has a path.</summary>
    /// <exception cref="ContentNotFoundException">There is nothing.</exception>
    public ImageFile Find(string path, bool followLinks = true) => Files.Find(path, followLinks) ??
        throw new ContentNotFoundException($"The image has no '{SafeText.Of(path)}'.");

    public ValueTask DisposeAsync() => _opened.DisposeAsync();
}
