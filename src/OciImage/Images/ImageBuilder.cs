using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Images;

/// <summary>Builds an image on a base, or from scratch. The same calls give the same bytes: no clock is read.</summary>
/// <remarks>
/// Media types follow the base: an image on a Docker image is a Docker image, everything else is OCI. Labels and settings
/// of the base's configuration are inherited; annotations, subject and artifact type of its manifest are not, since they
/// speak of the base. Every call changes the builder and returns it; an instance is used by one caller at a time.
/// </remarks>
public sealed class ImageBuilder
{
    private const int MaxConcurrency = 3;

    private readonly ContainerImage? _base;
    private readonly bool _docker;
    private readonly List<Descriptor> _layers = [];
    private readonly List<Digest> _diffIds = [];
    private readonly List<HistoryEntry> _history = [];
    private readonly SortedDictionary<string, string> _annotations = new(StringComparer.Ordinal);
    private ImageConfig _config;
    private DateTimeOffset? _created;

    private ImageBuilder(ContainerImage? image, ImageConfig config, bool docker)
    {
        _base = image;
        _config = config;
        _docker = docker;
    }

    private IReadOnlyList<Descriptor> BaseLayers => _base?.Manifest.Value.Layers ?? [];

    /// <summary>Starts an image without layers.</summary>
    /// <param name="platform">The platform that the configuration names, as given.</param>
    /// <returns>The builder.</returns>
    public static ImageBuilder FromScratch(Platform platform)
    {
        ArgumentNullException.ThrowIfNull(platform);
        var config = new ImageConfig
        {
            Os = platform.Os,
            Architecture = platform.Architecture,
            Variant = platform.Variant,
            OsVersion = platform.OsVersion,
            OsFeatures = platform.OsFeatures,
        };

        return new ImageBuilder(null, config, docker: false);
    }

    /// <summary>Starts an image on a base.</summary>
    /// <remarks>An OCI image names its base by annotations (image-spec 1.1.1, annotations.md, "base.digest").</remarks>
    /// <param name="image">The base.</param>
    /// <param name="name">The base's name, to stand in the annotation <c>base.name</c>, or <see langword="null"/>.</param>
    /// <returns>The builder.</returns>
    public static ImageBuilder From(ContainerImage image, ImageReference? name = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        bool docker = MediaTypes.IsDocker(image.Manifest.Descriptor.MediaType);
        var builder = new ImageBuilder(image, image.Config.Value, docker);
        if (!docker)
        {
            builder._annotations[AnnotationKeys.BaseDigest] = image.Manifest.Descriptor.Digest.ToString();
            if (name is not null)
            {
                builder._annotations[AnnotationKeys.BaseName] = name.ToString();
            }
        }

        return builder;
    }

    /// <summary>Adds a layer on top. It must be at the target when the image is built.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="createdBy">The history's word on what made it, or <see langword="null"/>.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The layer's media type is not one of a layer, or its DiffID names nothing.</exception>
    public ImageBuilder AddLayer(WrittenLayer layer, string? createdBy = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (!MediaTypes.IsLayer(layer.Descriptor.MediaType))
        {
            throw new ArgumentException(
                $"'{Excerpt.Of(layer.Descriptor.MediaType)}' is not the media type of a layer.", nameof(layer));
        }

        if (layer.DiffId.IsEmpty)
        {
            throw new ArgumentException("The layer has no DiffID.", nameof(layer));
        }

        _layers.Add(LayerMediaType.In(layer.Descriptor, _docker));
        _diffIds.Add(layer.DiffId);
        _history.Add(new HistoryEntry { CreatedBy = createdBy });

        return this;
    }

    /// <summary>Adds an entry to the history that made no layer, such as a change of settings.</summary>
    /// <param name="createdBy">What was done.</param>
    /// <returns>This builder.</returns>
    public ImageBuilder AddHistory(string createdBy)
    {
        ArgumentException.ThrowIfNullOrEmpty(createdBy);
        _history.Add(new HistoryEntry { CreatedBy = createdBy, EmptyLayer = true });

        return this;
    }

    /// <summary>Changes how containers of the image run.</summary>
    /// <param name="change">Returns the new settings for the present ones.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The function returned <see langword="null"/>.</exception>
    public ImageBuilder Configure(Func<ContainerConfig, ContainerConfig> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        ContainerConfig changed = change(_config.Config ?? new ContainerConfig()) ??
            throw new ArgumentException("The function returned no settings.", nameof(change));
        _config = _config with { Config = changed };

        return this;
    }

    /// <summary>Sets the author of the image.</summary>
    /// <param name="author">The person or entity, or <see langword="null"/> for none.</param>
    /// <returns>This builder.</returns>
    public ImageBuilder WithAuthor(string? author)
    {
        _config = _config with { Author = author };
        return this;
    }

    /// <summary>Sets the time that the image and the history entries that are added name.</summary>
    /// <param name="created">The time, usually that of SOURCE_DATE_EPOCH; <see langword="null"/>, the default, names none.</param>
    /// <returns>This builder.</returns>
    public ImageBuilder WithCreated(DateTimeOffset? created)
    {
        _created = created?.ToUniversalTime();
        return this;
    }

    /// <summary>Sets an annotation of the manifest.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, which may be empty.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="InvalidOperationException">The image is a Docker image, whose manifest has no annotations.</exception>
    public ImageBuilder WithAnnotation(string key, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        if (_docker)
        {
            throw new InvalidOperationException("The manifest of a Docker image has no annotations; its base is one.");
        }

        _annotations[key] = value;
        return this;
    }

    /// <summary>Writes the image: the base's layers where they are missing, the configuration, the manifest, the tag.</summary>
    /// <remarks>
    /// The manifest is written last and tagged after that, so that whoever sees it may rely on everything below. Layers that
    /// must not be distributed are not carried over.
    /// </remarks>
    /// <param name="target">The place that gets the image.</param>
    /// <param name="reference">The tag, or <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">Cancels the writing; the tag is then either as before or as wanted.</param>
    /// <returns>The descriptor of the manifest, with the platform.</returns>
    /// <exception cref="ContentNotFoundException">A layer that was added is not at the target, or one of the base is gone.</exception>
    /// <exception cref="ContentVerificationException">A layer of the base is not what its descriptor says.</exception>
    /// <exception cref="NotSupportedException">A tag is wanted, and the target cannot hold tags.</exception>
    public async ValueTask<Descriptor> BuildAsync(
        IContentStore target, string? reference = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (reference is not null && target is not (IReferencePusher or IReferenceTagger))
        {
            throw new NotSupportedException($"The target cannot hold tags, so not '{Excerpt.Of(reference)}'.");
        }

        using IDisposable? hold = (target as IContentHolder)?.TryHold();
        await BringLayersAsync(target, cancellationToken).ConfigureAwait(false);

        OciDocument<ImageConfig> config = OciDocument<ImageConfig>.Create(
            CompleteConfig(), _docker ? MediaTypes.DockerConfig : MediaTypes.ImageConfig);
        await target
            .PushAsync(config.Descriptor, ReplayableContent.FromBytes(config.Bytes), cancellationToken)
            .ConfigureAwait(false);

        var manifest = OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = _docker ? MediaTypes.DockerManifest : MediaTypes.ImageManifest,
            Config = config.Descriptor,
            Layers = [.. BaseLayers, .. _layers],
            Annotations = _annotations,
        });
        await ContentTransfer
            .PushTaggedAsync(target, manifest.Descriptor, manifest.Bytes, reference, cancellationToken)
            .ConfigureAwait(false);

        return manifest.Descriptor with { Platform = config.Value.GetPlatform() };
    }

    private ImageConfig CompleteConfig()
    {
        IEnumerable<HistoryEntry> added = _history.Select(entry => entry with { Created = _created });
        IReadOnlyList<HistoryEntry> history = _config.History.Count + _history.Count == 0
            ? []
            : [.. ImageHistory.Complete(_config.History, BaseLayers.Count), .. added];

        return _config with
        {
            Created = _created,
            History = history,
            RootFs = _config.RootFs with { DiffIds = [.. _config.RootFs.DiffIds, .. _diffIds] },
        };
    }

    private async ValueTask BringLayersAsync(IContentStore target, CancellationToken cancellationToken)
    {
        foreach (Descriptor layer in _layers)
        {
            if (!await target.ExistsAsync(layer, cancellationToken).ConfigureAwait(false))
            {
                throw ContentNotFoundException.ForDigest(layer.Digest, "the target of the build");
            }
        }

        if (_base is null)
        {
            return;
        }

        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = MaxConcurrency,
            CancellationToken = cancellationToken,
        };
        IEnumerable<Descriptor> layers = BaseLayers
            .Where(layer => !MediaTypes.IsNonDistributable(layer.MediaType))
            .DistinctBy(layer => layer.Digest);
        await Parallel.ForEachAsync(
            layers,
            options,
            (layer, token) => ContentCopy.CopyAsync(_base.Source, target, layer, cancellationToken: token))
            .ConfigureAwait(false);
    }
}
