using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Images;

/// <summary>Builds an image from a base or from scratch: layers, configuration and history that fit each other.</summary>
/// <remarks>
/// The same base, layers and settings give the same bytes on every machine: no time is taken from a clock, see
/// <see cref="WithCreated"/>. An instance is used by one caller at a time; <see cref="BuildAsync"/> may be called more than once.
/// </remarks>
public sealed class ImageBuilder
{
    private readonly ContainerImage? _base;
    private readonly List<(WrittenLayer Layer, string? CreatedBy)> _layers = [];
    private readonly SortedDictionary<string, string> _annotations = new(StringComparer.Ordinal);
    private readonly ImageConfig _config;
    private ContainerConfig _container;
    private DateTimeOffset? _created;

    private ImageBuilder(ContainerImage? image, ImageConfig config)
    {
        _base = image;
        _config = config;
        _container = config.Config ?? new ContainerConfig();
    }

    /// <summary>Starts from nothing.</summary>
    /// <param name="platform">The platform that the image is for.</param>
    /// <returns>The builder.</returns>
    public static ImageBuilder FromScratch(Platform platform)
    {
        ArgumentNullException.ThrowIfNull(platform);
        return new ImageBuilder(null, new ImageConfig
        {
            Architecture = platform.Architecture,
            Os = platform.Os,
            OsVersion = platform.OsVersion,
            OsFeatures = platform.OsFeatures,
            Variant = platform.Variant,
        });
    }

    /// <summary>Starts from an image, whose layers, configuration and history the new one has first.</summary>
    /// <param name="image">The base.</param>
    /// <returns>The builder.</returns>
    public static ImageBuilder From(ContainerImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return new ImageBuilder(image, image.Config.Value);
    }

    /// <summary>Adds a layer on top.</summary>
    /// <param name="layer">The layer, which must be in the target when the image is built.</param>
    /// <param name="createdBy">What made it, for the history.</param>
    /// <returns>This builder.</returns>
    public ImageBuilder AddLayer(WrittenLayer layer, string? createdBy = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        _layers.Add((layer, createdBy));
        return this;
    }

    /// <summary>Changes how a container of the image runs.</summary>
    /// <param name="change">Makes the new settings of those so far.</param>
    /// <returns>This builder.</returns>
    public ImageBuilder Configure(Func<ContainerConfig, ContainerConfig> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        _container = change(_container);
        return this;
    }

    /// <summary>Sets the time that the image and its new history name.</summary>
    /// <param name="created">The time, such as SOURCE_DATE_EPOCH; <see langword="null"/>, the default, names none.</param>
    /// <returns>This builder.</returns>
    public ImageBuilder WithCreated(DateTimeOffset? created)
    {
        _created = created;
        return this;
    }

    /// <summary>Sets an annotation of the manifest. A manifest of Docker's type has none, and is refused when it is built.</summary>
    /// <param name="key">The key, such as those of <see cref="AnnotationKeys"/>.</param>
    /// <param name="value">The value.</param>
    /// <returns>This builder.</returns>
    public ImageBuilder WithAnnotation(string key, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        _annotations[key] = value;
        return this;
    }

    /// <summary>Writes the image: the base's layers where they are missing, the configuration, and the manifest last.</summary>
    /// <param name="target">The store that takes it.</param>
    /// <param name="reference">The tag for it, or <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">Cancels the writing; the tag is then either as before or as wanted.</param>
    /// <returns>The descriptor of the manifest, with the platform.</returns>
    /// <exception cref="ContentNotFoundException">A layer that was added is not in the target.</exception>
    /// <exception cref="InvalidOperationException">There are annotations, and the base's manifest is of Docker's type.</exception>
    public async ValueTask<Descriptor> BuildAsync(
        IContentStore target, string? reference = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        bool isDocker = _base is not null && MediaTypes.IsDocker(_base.Manifest.Descriptor.MediaType);
        if (isDocker && _annotations.Count > 0)
        {
            throw new InvalidOperationException("A manifest of Docker's type has no annotations.");
        }

        foreach (Descriptor layer in _base?.Manifest.Value.Layers ?? [])
        {
            await ContentCopy.CopyAsync(_base!.Source, target, layer, null, cancellationToken).ConfigureAwait(false);
        }

        foreach ((WrittenLayer layer, _) in _layers)
        {
            if (!await target.ExistsAsync(layer.Descriptor, cancellationToken).ConfigureAwait(false))
            {
                throw ContentNotFoundException.ForDigest(layer.Descriptor.Digest, "the target of the build");
            }
        }

        var config = OciDocument<ImageConfig>.Create(
            MakeConfig(), isDocker ? MediaTypes.DockerConfig : MediaTypes.ImageConfig);
        await target
            .PushAsync(config.Descriptor, ReplayableContent.FromBytes(config.Bytes), cancellationToken)
            .ConfigureAwait(false);
        var manifest = OciDocument<ImageManifest>.Create(MakeManifest(config.Descriptor, isDocker));
        await ContentTransfer
            .PushTaggedAsync(target, manifest.Descriptor, manifest.Bytes, reference, cancellationToken)
            .ConfigureAwait(false);

        return manifest.Descriptor with { Platform = config.Value.GetPlatform() };
    }

    private ImageConfig MakeConfig() => _config with
    {
        Created = _created,
        Config = _container,
        RootFs = _config.RootFs with { DiffIds = [.. _config.RootFs.DiffIds, .. _layers.Select(added => added.Layer.DiffId)] },
        History = MakeHistory(),
    };

    private ImageManifest MakeManifest(Descriptor config, bool isDocker)
    {
        var annotations = new SortedDictionary<string, string>(_annotations, StringComparer.Ordinal);
        if (_base is not null && !isDocker)
        {
            annotations.TryAdd(AnnotationKeys.BaseDigest, _base.Manifest.Descriptor.Digest.ToString());
        }

        return new ImageManifest
        {
            MediaType = isDocker ? MediaTypes.DockerManifest : MediaTypes.ImageManifest,
            Config = config,
            Layers =
            [
                .. _base?.Manifest.Value.Layers ?? [],
                .. _layers.Select(added => added.Layer.Descriptor with
                {
                    MediaType = LayerMediaType(added.Layer.Descriptor.MediaType, isDocker),
                }),
            ],
            Annotations = annotations,
        };
    }

    // One family of types through the whole image: tools that read Docker's manifests want Docker's layers.
    private static string LayerMediaType(string mediaType, bool isDocker) => (mediaType, isDocker) switch
    {
        (MediaTypes.Layer, true) => MediaTypes.DockerLayer,
        (MediaTypes.LayerGzip, true) => MediaTypes.DockerLayerGzip,
        (MediaTypes.LayerZstd, true) => MediaTypes.DockerLayerZstd,
        (MediaTypes.DockerLayer, false) => MediaTypes.Layer,
        (MediaTypes.DockerLayerGzip, false) => MediaTypes.LayerGzip,
        (MediaTypes.DockerLayerZstd, false) => MediaTypes.LayerZstd,
        _ => mediaType,
    };

    // Each layer has its step. A base without history, or with less than it has layers, gets steps that say so.
    private List<HistoryEntry> MakeHistory()
    {
        var history = new List<HistoryEntry>(_config.History);
        int described = history.Count(entry => !entry.EmptyLayer);
        for (int i = described; i < _config.RootFs.DiffIds.Count; i++)
        {
            history.Add(new HistoryEntry { Comment = "a layer of the base image, whose history does not tell of it" });
        }

        foreach ((_, string? createdBy) in _layers)
        {
            history.Add(new HistoryEntry { Created = _created, CreatedBy = createdBy });
        }

        return history;
    }
}
