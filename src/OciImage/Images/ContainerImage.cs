using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Images;

/// <summary>One image for one platform: its manifest and configuration, checked against each other.</summary>
/// <remarks>An instance never changes and may be used by many threads, as far as its source may.</remarks>
public sealed class ContainerImage
{
    private const int MaxDepth = 16;

    private ContainerImage(
        IContentFetcher source, OciDocument<ImageManifest> manifest, OciDocument<ImageConfig> config, IReadOnlyList<LayerToApply> layers)
    {
        Source = source;
        Manifest = manifest;
        Config = config;
        Layers = layers;
    }

    /// <summary>Gets the place that the image's content comes from.</summary>
    public IContentFetcher Source { get; }

    /// <summary>Gets the manifest.</summary>
    public OciDocument<ImageManifest> Manifest { get; }

    /// <summary>Gets the configuration.</summary>
    public OciDocument<ImageConfig> Config { get; }

    /// <summary>Gets the layers with their DiffIDs, base first.</summary>
    public IReadOnlyList<LayerToApply> Layers { get; }

    /// <summary>Resolves a reference and opens the image for a platform.</summary>
    /// <param name="source">The place that has the image.</param>
    /// <param name="reference">A tag, or a digest as text.</param>
    /// <param name="platform">The platform wanted of an index; this machine's by default.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The image.</returns>
    /// <exception cref="ContentNotFoundException">There is no such reference, or the index lacks the platform.</exception>
    /// <exception cref="DocumentFormatException">What is there is no image, or its documents contradict each other.</exception>
    public static async ValueTask<ContainerImage> OpenAsync(
        IImageSource source, string reference, Platform? platform = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        Descriptor root = await source.ResolveAsync(reference, cancellationToken).ConfigureAwait(false);
        return await OpenAsync(source, root, platform, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens the image for a platform, through indexes where the root is one.</summary>
    /// <param name="source">The place that has the image.</param>
    /// <param name="root">The manifest or index.</param>
    /// <param name="platform">The platform wanted; this machine's by default, and of a single manifest any by default.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The image.</returns>
    /// <exception cref="ContentNotFoundException">Content is missing, or there is no image for the platform.</exception>
    /// <exception cref="ContentVerificationException">A document's bytes are not what its descriptor says.</exception>
    /// <exception cref="DocumentFormatException">What is there is no image, or its documents contradict each other.</exception>
    public static async ValueTask<ContainerImage> OpenAsync(
        IContentFetcher source, Descriptor root, Platform? platform = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(root);
        PlatformMatcher matcher = platform is null ? PlatformMatcher.Current : new PlatformMatcher(platform);
        Descriptor descriptor = root;
        for (int depth = 0; MediaTypes.IsIndex(descriptor.MediaType); depth++)
        {
            if (depth == MaxDepth)
            {
                throw ContentGraph.TooDeep(descriptor);
            }

            descriptor = await SelectAsync(source, descriptor, matcher, cancellationToken).ConfigureAwait(false);
        }

        ContainerImage image = await ReadAsync(source, descriptor, cancellationToken).ConfigureAwait(false);
        if (platform is not null && !matcher.Matches(image.Config.Value.GetPlatform()))
        {
            throw new ContentNotFoundException(
                $"Image '{descriptor.Digest}' is for '{Excerpt.Of(image.Config.Value.GetPlatform().ToString())}', not for '{platform}'.");
        }

        return image;
    }

    /// <summary>Applies the layers to a directory, which appears when the digest, size and DiffID of all of them agreed.</summary>
    /// <param name="directory">The directory, which must be absent or empty.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the unpacking; nothing is left then.</param>
    /// <returns>What was unpacked, skipped and tolerated.</returns>
    /// <exception cref="PlatformNotSupportedException">The system is not Linux.</exception>
    /// <exception cref="IOException">The target is not empty, or the file system refused an operation.</exception>
    /// <exception cref="ContentVerificationException">A layer's bytes are not what its descriptor says.</exception>
    /// <exception cref="LayerException">A layer is malformed, unsafe, above a limit, or has another DiffID.</exception>
    public ValueTask<UnpackReport> UnpackAsync(
        string directory, UnpackOptions? options = null, CancellationToken cancellationToken = default) =>
        LayerUnpacker.UnpackAsync(Source, Layers, directory, options, cancellationToken);

    internal static async ValueTask<ContainerImage> ReadAsync(
        IContentFetcher source, Descriptor descriptor, CancellationToken cancellationToken)
    {
        var limits = new DocumentOptions();
        if (!MediaTypes.IsManifest(descriptor.MediaType))
        {
            throw new DocumentFormatException(
                $"'{descriptor.Digest}' is '{Excerpt.Of(descriptor.MediaType)}', expected a manifest or an index.");
        }

        byte[] bytes = await ContentGraph.ReadAsync(source, descriptor, limits, cancellationToken).ConfigureAwait(false);
        OciDocument<ImageManifest> manifest = OciDocument<ImageManifest>.Parse(bytes, descriptor.MediaType, limits);
        Descriptor configDescriptor = manifest.Value.Config;
        if (!MediaTypes.IsImageConfig(configDescriptor.MediaType))
        {
            string type = manifest.Value.ArtifactType ?? configDescriptor.MediaType;
            throw new DocumentFormatException(
                $"'{descriptor.Digest}' is an artifact of type '{Excerpt.Of(type)}', not an image.", "$.config.mediaType");
        }

        byte[] configBytes = await ContentGraph.ReadAsync(source, configDescriptor, limits, cancellationToken)
            .ConfigureAwait(false);
        OciDocument<ImageConfig> config = OciDocument<ImageConfig>.Parse(configBytes, configDescriptor.MediaType, limits);

        return new ContainerImage(source, manifest, config, PairLayers(manifest, config));
    }

    private static async ValueTask<Descriptor> SelectAsync(
        IContentFetcher source, Descriptor descriptor, PlatformMatcher matcher, CancellationToken cancellationToken)
    {
        var limits = new DocumentOptions();
        byte[] bytes = await ContentGraph.ReadAsync(source, descriptor, limits, cancellationToken).ConfigureAwait(false);
        ImageIndex index = OciDocument<ImageIndex>.Parse(bytes, descriptor.MediaType, limits).Value;

        // An index of a single entry without a platform leaves no choice.
        return matcher.Select(index.Manifests) ??
            (index.Manifests is [{ Platform: null } only] ? only : null) ??
            throw new ContentNotFoundException(
                $"Index '{descriptor.Digest}' has no manifest for platform '{matcher.Platform}'; it has {GraphRoot.Available(index)}.");
    }

    private static List<LayerToApply> PairLayers(OciDocument<ImageManifest> manifest, OciDocument<ImageConfig> config)
    {
        IReadOnlyList<Descriptor> layers = manifest.Value.Layers;
        IReadOnlyList<Digest> diffIds = config.Value.RootFs.DiffIds;
        if (layers.Count != diffIds.Count)
        {
            throw new DocumentFormatException(
                $"Manifest '{manifest.Descriptor.Digest}' has {layers.Count} layers, its configuration {diffIds.Count} DiffIDs.",
                "$.rootfs.diff_ids");
        }

        var pairs = new List<LayerToApply>(layers.Count);
        for (int i = 0; i < layers.Count; i++)
        {
            if (LayerCompression.FromMediaType(layers[i].MediaType) is null)
            {
                throw new DocumentFormatException(
                    $"'{Excerpt.Of(layers[i].MediaType)}' is not the media type of a layer.", $"$.layers[{i}].mediaType");
            }

            pairs.Add(new LayerToApply(layers[i], diffIds[i]));
        }

        return pairs;
    }
}
