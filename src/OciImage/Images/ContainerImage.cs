using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Images;

/// <summary>One image for one platform: its manifest and its configuration, read and checked against each other.</summary>
/// <remarks>An instance never changes and may be used by many threads. It does not own the place the image is in.</remarks>
public sealed class ContainerImage
{
    private ContainerImage(
        IContentFetcher source,
        OciDocument<ImageManifest> manifest,
        OciDocument<ImageConfig> config,
        IReadOnlyList<LayerToApply> layers)
    {
        Source = source;
        Manifest = manifest;
        Config = config;
        Layers = layers;
    }

    /// <summary>Gets the place that the image is in.</summary>
    public IContentFetcher Source { get; }

    /// <summary>Gets the manifest.</summary>
    public OciDocument<ImageManifest> Manifest { get; }

    /// <summary>Gets the configuration.</summary>
    public OciDocument<ImageConfig> Config { get; }

    /// <summary>Gets the layers with their DiffIDs, base first.</summary>
    public IReadOnlyList<LayerToApply> Layers { get; }

    /// <summary>Gets the platform that the configuration names, as written.</summary>
    public Platform Platform => Config.Value.GetPlatform();

    /// <summary>Resolves a reference and opens the image for a platform.</summary>
    /// <param name="source">The place that the image is in.</param>
    /// <param name="reference">A tag, or a digest as text.</param>
    /// <param name="platform">
    /// The platform wanted. Where it is <see langword="null"/> this machine's is chosen from an index, and an image that is
    /// in no index is opened whatever its platform is.
    /// </param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The image.</returns>
    /// <exception cref="ContentNotFoundException">There is no such reference, no such content, or no image for the platform.</exception>
    /// <exception cref="ContentVerificationException">The bytes of a document are not what its descriptor says.</exception>
    /// <exception cref="DocumentFormatException">A document is malformed, or what is referred to is no image.</exception>
    public static async ValueTask<ContainerImage> OpenAsync(
        IImageSource source,
        string reference,
        Platform? platform = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(reference);
        Descriptor root = await source.ResolveAsync(reference, cancellationToken).ConfigureAwait(false);

        return await OpenAsync((IContentFetcher)source, root, platform, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens the image for a platform, through indexes where there are some.</summary>
    /// <param name="source">The place that the image is in.</param>
    /// <param name="root">The descriptor of a manifest or an index.</param>
    /// <param name="platform">
    /// The platform wanted. Where it is <see langword="null"/> this machine's is chosen from an index, and an image that is
    /// in no index is opened whatever its platform is.
    /// </param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The image.</returns>
    /// <exception cref="ContentNotFoundException">There is no such content, or no image for the platform.</exception>
    /// <exception cref="ContentVerificationException">The bytes of a document are not what its descriptor says.</exception>
    /// <exception cref="DocumentFormatException">A document is malformed, or what is referred to is no image.</exception>
    public static async ValueTask<ContainerImage> OpenAsync(
        IContentFetcher source,
        Descriptor root,
        Platform? platform = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(root);
        var selection = new PlatformSelection(source, platform);
        Descriptor manifest = await selection.SelectAsync(root, cancellationToken).ConfigureAwait(false);
        ContainerImage image = await ReadAsync(source, manifest, cancellationToken).ConfigureAwait(false);
        if (platform is not null && !selection.Accepts(image.Platform))
        {
            throw new ContentNotFoundException(
                $"Image '{manifest.Digest}' is for '{Excerpt.Of(image.Platform.ToString())}', not for '{platform}'.");
        }

        return image;
    }

    /// <summary>Writes the root filesystem of the image into a directory.</summary>
    /// <remarks>The tree appears when every digest and DiffID agreed; see <see cref="LayerUnpacker.UnpackAsync"/>.</remarks>
    /// <param name="directory">The directory, which must be absent or empty.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the unpacking.</param>
    /// <returns>What was unpacked, skipped and tolerated.</returns>
    /// <exception cref="PlatformNotSupportedException">The system is not Linux.</exception>
    /// <exception cref="IOException">The target is not empty, or the file system refused an operation.</exception>
    /// <exception cref="ContentNotFoundException">A layer is missing.</exception>
    /// <exception cref="ContentVerificationException">A layer's bytes are not what its descriptor says.</exception>
    /// <exception cref="LayerException">A layer is malformed, unsafe, above a limit, or has another DiffID.</exception>
    public ValueTask<UnpackReport> UnpackAsync(
        string directory, UnpackOptions? options = null, CancellationToken cancellationToken = default)
    {
        options = options?.Clone() ?? new UnpackOptions();
        options.WindowsLayers = Judge(options.WindowsLayers);

        return LayerUnpacker.UnpackAsync(Source, Layers, directory, options, cancellationToken);
    }

    /// <summary>Writes the layers of the image into directories of their own, which <c>mount -t overlay</c> shows as one tree.</summary>
    /// <remarks>The directories appear when every digest and DiffID agreed; see <see cref="LayerUnpacker.UnpackOverlayAsync"/>.</remarks>
    /// <param name="directory">The directory that gets them, which must be absent or empty.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="overlay">The options of the overlay, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the unpacking.</param>
    /// <returns>The directories, and what was unpacked, skipped and tolerated.</returns>
    /// <exception cref="PlatformNotSupportedException">The system is not Linux.</exception>
    /// <exception cref="IOException">The target is not empty, or the file system refused an operation.</exception>
    /// <exception cref="ContentNotFoundException">A layer is missing.</exception>
    /// <exception cref="ContentVerificationException">A layer's bytes are not what its descriptor says.</exception>
    /// <exception cref="LayerException">A layer is malformed, unsafe, above a limit, has another DiffID, or a hard link to a lower layer.</exception>
    public ValueTask<OverlayTree> UnpackOverlayAsync(
        string directory,
        UnpackOptions? options = null,
        OverlayOptions? overlay = null,
        CancellationToken cancellationToken = default)
    {
        options = options?.Clone() ?? new UnpackOptions();
        options.WindowsLayers = Judge(options.WindowsLayers);

        return LayerUnpacker.UnpackOverlayAsync(Source, Layers, directory, options, overlay, cancellationToken);
    }

    /// <summary>Reads the root filesystem of the image without unpacking it.</summary>
    /// <remarks>Every layer is read once and proven; see <see cref="ImageFileTree"/>.</remarks>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The tree, which reads contents from <see cref="Source"/>.</returns>
    /// <exception cref="ContentNotFoundException">A layer is missing.</exception>
    /// <exception cref="ContentVerificationException">A layer's bytes are not what its descriptor says.</exception>
    /// <exception cref="LayerException">A layer is malformed, unsafe, above a limit, or has another DiffID.</exception>
    public ValueTask<ImageFileTree> ReadFileTreeAsync(
        ImageFileTreeOptions? options = null, CancellationToken cancellationToken = default)
    {
        options = options?.Clone() ?? new ImageFileTreeOptions();
        options.WindowsLayers = Judge(options.WindowsLayers);

        return ImageFileTree.ReadAsync(Source, Layers, options, cancellationToken);
    }

    internal static async ValueTask<ContainerImage> ReadAsync(
        IContentFetcher source, Descriptor descriptor, CancellationToken cancellationToken)
    {
        DocumentOptions limits = DocumentOptions.Default;
        byte[] bytes = await ContentGraph.ReadAsync(source, descriptor, limits, cancellationToken).ConfigureAwait(false);
        var manifest = OciDocument<ImageManifest>.Parse(bytes, descriptor.MediaType, limits);
        ImageShape.RequireImage(manifest);

        Descriptor configuration = manifest.Value.Config;
        bytes = await ContentGraph.ReadAsync(source, configuration, limits, cancellationToken).ConfigureAwait(false);
        var config = OciDocument<ImageConfig>.Parse(bytes, configuration.MediaType, limits);

        return new ContainerImage(source, manifest, config, ImageShape.PairLayers(manifest, config.Value));
    }

    // The configuration says what an image is for before a byte of a layer is read.
    private WindowsLayerPolicy Judge(WindowsLayerPolicy policy)
    {
        bool isWindows = Platform.Os == "windows";
        if (isWindows && policy == WindowsLayerPolicy.Refuse)
        {
            throw new LayerException(
                LayerErrorKind.Unsupported,
                $"Image '{Manifest.Descriptor.Digest}' is for Windows; only the files of its layers can be taken, by choice.");
        }

        return !isWindows && policy == WindowsLayerPolicy.FilesOnly ? WindowsLayerPolicy.Refuse : policy;
    }
}
