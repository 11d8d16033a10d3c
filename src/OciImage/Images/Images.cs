#pragma warning disable // Stub: replaced by its owner.
using OciImage.Content;
using OciImage.Layers;
namespace OciImage.Images;

/// <summary>One image for one platform: manifest and configuration, read and checked against each other.</summary>
public sealed class ContainerImage
{
    private ContainerImage() { }
    public IContentFetcher Source => throw new NotImplementedException();
    public OciDocument<ImageManifest> Manifest => throw new NotImplementedException();
    public OciDocument<ImageConfig> Config => throw new NotImplementedException();
    /// <summary>Layers with their DiffIDs, base first.</summary>
    public IReadOnlyList<LayerToApply> Layers => throw new NotImplementedException();
    /// <summary>Resolves a reference and opens the image for a platform (default: this machine's), through nested indexes.</summary>
    public static ValueTask<ContainerImage> OpenAsync(IImageSource source, string reference, Platform? platform = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public static ValueTask<ContainerImage> OpenAsync(IContentFetcher source, Descriptor root, Platform? platform = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<UnpackReport> UnpackAsync(string directory, UnpackOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}

/// <summary>Builds an image from a base or from scratch.</summary>
public sealed class ImageBuilder
{
    public static ImageBuilder FromScratch(Platform platform) => throw new NotImplementedException();
    public static ImageBuilder From(ContainerImage image) => throw new NotImplementedException();
    public ImageBuilder AddLayer(WrittenLayer layer, string? createdBy = null) => throw new NotImplementedException();
    public ImageBuilder Configure(Func<ContainerConfig, ContainerConfig> change) => throw new NotImplementedException();
    public ImageBuilder WithCreated(DateTimeOffset? created) => throw new NotImplementedException();
    public ImageBuilder WithAnnotation(string key, string value) => throw new NotImplementedException();
    /// <summary>Copies the base's layers into target where they are missing, writes config and manifest, tags when given.</summary>
    public ValueTask<Descriptor> BuildAsync(IContentStore target, string? reference = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
