using System.Collections.Concurrent;
using OciImage.Content;
using OciImage.Json;

namespace OciImage.Images;

/// <summary>Carries out a plan: layers and other blobs, what is carried as it is, the new documents, the tag.</summary>
internal sealed class ConversionRun : IDisposable
{
    private readonly IContentFetcher _source;
    private readonly IContentStore _target;
    private readonly ConversionOptions _options;
    private readonly PlannedDocument _root;
    private readonly string? _reference;
    private readonly IReadOnlyList<PlannedDocument> _documents;
    private readonly Dictionary<Digest, PlannedDocument> _byDigest = [];
    private readonly LayerConverter _layers;
    private readonly SemaphoreSlim _slots;
    private readonly ConcurrentDictionary<LayerJob, (Descriptor Content, LayerOutcome Outcome)> _made = new();
    private readonly ConcurrentDictionary<PlannedDocument, Lazy<Task<Descriptor>>> _written = new();

    public ConversionRun(
        IContentFetcher source, IContentStore target, ConversionOptions options, PlannedDocument root, string? reference)
    {
        _source = source;
        _target = target;
        _options = options;
        _root = root;
        _reference = reference;
        _layers = new LayerConverter(source, target, options);
        _slots = new SemaphoreSlim(options.Copy.MaxConcurrency);
        _documents = ConversionConsistency.All(root);
        foreach (PlannedDocument document in _documents)
        {
            _byDigest.TryAdd(document.Original.Digest, document);
        }
    }

    public IReadOnlyList<string> Notes => _layers.Notes;

    /// <summary>Gets what became of the layers of changed images, each once.</summary>
    public IReadOnlyList<ConvertedLayer> Layers =>
    [
        .. ChangedManifests
            .SelectMany(manifest => manifest.Layers)
            .Where(layer => MediaTypes.IsLayer(layer.Original.MediaType))
            .Select(layer =>
            {
                Descriptor result = Rewrite(layer).ToContentDescriptor();
                LayerOutcome outcome = layer.Job is null ? LayerOutcome.Kept : _made[layer.Job].Outcome;
                return new ConvertedLayer(layer.Original.ToContentDescriptor(), result, outcome);
            })
            .Distinct(),
    ];

    private IEnumerable<PlannedManifest> ChangedManifests =>
        _documents.OfType<PlannedManifest>().Where(manifest => manifest.IsChanged);

    public async Task<Descriptor> RunAsync(CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = _options.Copy.MaxConcurrency,
            CancellationToken = cancellationToken,
        };
        await Parallel.ForEachAsync(
            ListBlobs(), parallel, (work, token) => work(token)).ConfigureAwait(false);
        foreach (Descriptor carried in ListCarried())
        {
            CopyOptions options = _options.Copy.Clone();
            options.Platforms = [];
            await ContentCopy
                .CopyGraphAsync(_source, _target, carried, null, options, cancellationToken)
                .ConfigureAwait(false);
        }

        return await WriteAsync(_root, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _slots.Dispose();

    private IEnumerable<Func<CancellationToken, ValueTask>> ListBlobs()
    {
        var seen = new HashSet<Digest>();
        foreach (PlannedManifest manifest in ChangedManifests)
        {
            Descriptor config = manifest.Manifest.Config;
            if (seen.Add(config.Digest))
            {
                yield return token => CarryConfigAsync(manifest, token);
            }

            foreach (PlannedLayer layer in manifest.Layers.Where(layer => layer.Job is null && seen.Add(layer.Original.Digest)))
            {
                yield return token => CarryAsync(layer.Original, token);
            }
        }

        foreach (PlannedLayer layer in ChangedManifests
            .SelectMany(manifest => manifest.Layers).Where(layer => layer.Job is not null).DistinctBy(layer => layer.Job))
        {
            yield return async token =>
                _made[layer.Job!] = await _layers.ConvertAsync(layer.Job!, layer.Original, token).ConfigureAwait(false);
        }
    }

    // What has nothing to change, below what has.
    private IEnumerable<Descriptor> ListCarried() => _documents
        .OfType<PlannedIndex>()
        .Where(index => index.IsChanged)
        .SelectMany(index => index.Entries)
        .Where(entry => !entry.IsLeftOut && entry.Document is not { IsChanged: true })
        .Select(entry => entry.Original.ToContentDescriptor())
        .Distinct();

    private async ValueTask CarryConfigAsync(PlannedManifest manifest, CancellationToken cancellationToken)
    {
        Descriptor config = manifest.Manifest.Config with
        {
            MediaType = ManifestPlanner.ConfigType(manifest.Manifest.Config, _options.Format),
        };
        if (manifest.ConfigBytes is not { } bytes)
        {
            await CarryAsync(config, cancellationToken).ConfigureAwait(false);
        }
        else if (await _target.ExistsAsync(config, cancellationToken).ConfigureAwait(false))
        {
            ContentTransfer.Report(_options.Copy, config, ContentProgressState.AlreadyPresent);
        }
        else
        {
            await _target.PushAsync(config, ReplayableContent.FromBytes(bytes), cancellationToken).ConfigureAwait(false);
            ContentTransfer.Report(_options.Copy, config, ContentProgressState.Completed);
        }
    }

    private async ValueTask CarryAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        try
        {
            await ContentTransfer
                .TransferAsync(_source, _target, blob, _options.Copy, trustTarget: true, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ContentNotFoundException) when (MediaTypes.IsNonDistributable(blob.MediaType) && blob.Urls.Count > 0)
        {
            // Such a layer is meant to be fetched from its URLs.
        }
    }

    private Task<Descriptor> WriteAsync(PlannedDocument document, CancellationToken cancellationToken) => _written.GetOrAdd(
        document,
        key => new Lazy<Task<Descriptor>>(() => WriteAnewAsync(key, cancellationToken))).Value;

    private async Task<Descriptor> WriteAnewAsync(PlannedDocument document, CancellationToken cancellationToken)
    {
        if (!document.IsChanged)
        {
            return document.Original;
        }

        Descriptor? subject = document.FollowsSubject
            ? await WriteAsync(_byDigest[document.Subject!.Value], cancellationToken).ConfigureAwait(false)
            : null;
        (Descriptor descriptor, ReadOnlyMemory<byte> bytes) = document is PlannedManifest manifest
            ? Rewrite(manifest, subject)
            : await RewriteAsync((PlannedIndex)document, subject, cancellationToken).ConfigureAwait(false);
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            string? reference = ReferenceEquals(document, _root) ? _reference : null;
            await ContentTransfer.PushTaggedAsync(_target, descriptor, bytes, reference, cancellationToken).ConfigureAwait(false);
            ContentTransfer.Report(_options.Copy, descriptor, ContentProgressState.Completed);
        }
        finally
        {
            _slots.Release();
        }

        return descriptor;
    }

    private (Descriptor Descriptor, ReadOnlyMemory<byte> Bytes) Rewrite(PlannedManifest planned, Descriptor? subject)
    {
        ImageManifest old = planned.Manifest;
        bool strips = planned.BecomesDocker;
        string configType = planned.ConfigBytes is null
            ? old.Config.MediaType
            : ManifestPlanner.ConfigType(old.Config, _options.Format);
        Descriptor config = old.Config with { MediaType = configType };
        IEnumerable<Descriptor> layers = planned.Layers.Select(Rewrite);
        ImageManifest manifest = old with
        {
            MediaType = planned.MediaType == planned.Original.MediaType ? old.MediaType : planned.MediaType,
            Config = strips ? DockerForm.Strip(config) : config,
            Layers = [.. strips ? layers.Select(DockerForm.Strip) : layers],
            Subject = strips || old.Subject is null ? null : Moved(old.Subject, subject),
            Annotations = strips ? EmptyMap.Strings : old.Annotations,
            ArtifactType = strips ? null : old.ArtifactType,
            Unknown = strips ? null : old.Unknown,
        };

        return manifest == old ? (planned.Original, planned.Bytes) : Create(manifest, planned.MediaType);
    }

    private async Task<(Descriptor Descriptor, ReadOnlyMemory<byte> Bytes)> RewriteAsync(
        PlannedIndex planned, Descriptor? subject, CancellationToken cancellationToken)
    {
        ImageIndex old = planned.Index;
        bool strips = planned.BecomesDocker;
        Descriptor[] entries = await Task.WhenAll(planned.Entries
            .Where(entry => !entry.IsLeftOut)
            .Select(entry => RewriteAsync(entry, cancellationToken))).ConfigureAwait(false);
        ImageIndex index = old with
        {
            MediaType = planned.MediaType == planned.Original.MediaType ? old.MediaType : planned.MediaType,
            Manifests = [.. strips ? entries.Select(DockerForm.Strip) : entries],
            Subject = strips || old.Subject is null ? null : Moved(old.Subject, subject),
            Annotations = strips ? EmptyMap.Strings : old.Annotations,
            ArtifactType = strips ? null : old.ArtifactType,
            Unknown = strips ? null : old.Unknown,
        };

        return index == old ? (planned.Original, planned.Bytes) : Create(index, planned.MediaType);
    }

    private async Task<Descriptor> RewriteAsync(PlannedEntry entry, CancellationToken cancellationToken)
    {
        Descriptor result = entry.Original;
        if (entry.Document is { } document)
        {
            result = Moved(result, await WriteAsync(document, cancellationToken).ConfigureAwait(false));
            if (_options.Format == ImageFormat.Docker && result.Platform is null && document is PlannedManifest manifest)
            {
                result = result with { Platform = manifest.Platform };
            }
        }

        if (entry.Attested is not { } attested || !_byDigest.TryGetValue(attested, out PlannedDocument? image))
        {
            return result;
        }

        Descriptor now = await WriteAsync(image, cancellationToken).ConfigureAwait(false);
        return now.Digest == attested ? result : PlannedEntry.About(result, now.Digest);
    }

    private Descriptor Rewrite(PlannedLayer layer)
    {
        Descriptor typed = layer.Original with { MediaType = layer.MediaType };
        if (layer.Job is null || _made[layer.Job].Content is not { } made || made.Digest == layer.Original.Digest)
        {
            return typed;
        }

        return Moved(typed, made with { MediaType = layer.MediaType }) with
        {
            Annotations = CompressedAnnotations.Remove(layer.Original.Annotations),
        };
    }

    // URLs and embedded data are of the old bytes; everything else that is said of the content holds for the new ones.
    private static Descriptor Moved(Descriptor old, Descriptor? result) => result is null || result.Digest == old.Digest
        ? old
        : old with { MediaType = result.MediaType, Digest = result.Digest, Size = result.Size, Urls = [], Data = null };

    private static (Descriptor Descriptor, ReadOnlyMemory<byte> Bytes) Create<T>(T value, string mediaType)
        where T : class, IOciDocumentModel<T>
    {
        var document = OciDocument<T>.Create(value, mediaType);
        return (document.Descriptor, document.Bytes);
    }
}
