using OciImage.Cli.Locations;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary>Builds one image as the command line asks.</summary>
internal sealed class ImageBuild(ImageLocation destination, PlaceAccess access)
{
    public ImageLocation? Base { get; init; }

    public IReadOnlyList<LayerInput> Inputs { get; init; } = [];

    public Platform? Platform { get; init; }

    public DateTimeOffset Created { get; init; }

    public Func<ContainerConfig, ContainerConfig> Configure { get; init; } = config => config;

    public async Task<Descriptor> RunAsync(CancellationToken cancellationToken)
    {
        await using OpenedImage? origin = Base is null ? null : await OpenedImage.OpenAsync(Base, access, cancellationToken);
        ImageBuilder builder = origin is null
            ? ImageBuilder.FromScratch(Platform ?? PlatformMatcher.Current.Platform)
            : ImageBuilder.From(
                await ContainerImage.OpenAsync(origin.Source, origin.Root, Platform, cancellationToken));
        await using OpenedStore target = await OpenedStore.OpenAsync(
            destination, access, create: true, cancellationToken, origin: origin);
        if (Inputs.Count > 0)
        {
            builder = builder.AddLayer(await WriteLayerAsync(target.Store, cancellationToken), "ocimg build --add");
        }

        Descriptor image = await builder
            .Configure(Configure)
            .WithCreated(Created)
            .BuildAsync(target.Store, destination.Tag, cancellationToken);
        await target.CompleteAsync(image, destination.Tag, cancellationToken);

        return image;
    }

    private async Task<WrittenLayer> WriteLayerAsync(IImageStore target, CancellationToken cancellationToken)
    {
        // Times and owners of the machine that builds are no part of the image: the same files give the same layer.
        var options = new LayerWriterOptions { ClampTimesTo = Created, Owner = (0, 0) };
        if (target is IContentIngester ingester)
        {
            return await LayerWriter.WriteAsync(ingester, Inputs, options, cancellationToken);
        }

        // A registry wants the digest first, so the layer is written here and then carried over.
        string staging = Directory.CreateTempSubdirectory("ocimg-").FullName;
        try
        {
            OciLayout layout = await OciLayout.OpenOrCreateAsync(
                staging, new OciLayoutOptions { Durability = Durability.None }, cancellationToken);
            WrittenLayer layer = await LayerWriter.WriteAsync(layout, Inputs, options, cancellationToken);
            await ContentCopy.CopyAsync(layout, target, layer.Descriptor, cancellationToken: cancellationToken);

            return layer;
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }
}
