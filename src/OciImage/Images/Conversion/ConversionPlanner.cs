using System.Collections.Concurrent;
using OciImage.Content;

namespace OciImage.Images;

/// <summary>Reads every document below a root and decides what becomes of it, before anything is written.</summary>
internal sealed class ConversionPlanner : IDisposable
{
    private readonly IContentFetcher _source;
    private readonly ConversionOptions _options;
    private readonly LossList _losses;
    private readonly GraphReader _reader;
    private readonly ManifestPlanner _manifests;
    private readonly SemaphoreSlim _slots;
    private readonly ConcurrentDictionary<ContentKey, Lazy<Task<PlannedDocument>>> _documents = new();

    public ConversionPlanner(IContentFetcher source, ConversionOptions options, LossList losses)
    {
        _source = source;
        _options = options;
        _losses = losses;
        _reader = new GraphReader(source, options.Copy);
        _slots = new SemaphoreSlim(options.Copy.MaxConcurrency);
        _manifests = new ManifestPlanner(options, losses, ReadBytesAsync);
    }

    public async Task<PlannedDocument> PlanAsync(GraphRoot root, CancellationToken cancellationToken)
    {
        if (!ContentGraph.HasChildren(root.Descriptor) && !MediaTypes.IsDockerSchema1(root.Descriptor.MediaType))
        {
            throw new DocumentFormatException(
                $"'{root.Descriptor.Digest}' has the media type '{Excerpt.Of(root.Descriptor.MediaType)}', which is neither that of " +
                "a manifest nor that of an index.",
                "$.mediaType");
        }

        PlannedDocument plan = await PlanAsync(root.Descriptor, root.Bytes, depth: 0, cancellationToken).ConfigureAwait(false);
        if (plan.NoDockerForm is not null)
        {
            throw new ConversionException(plan.Original, plan.NoDockerForm);
        }

        new ConversionConsistency(plan, _losses).Settle();
        if (plan.IsChanged)
        {
            await new AttachedContent(_source, _options.Copy, _losses, _reader)
                .CheckAsync(plan, cancellationToken)
                .ConfigureAwait(false);
        }

        return plan;
    }

    public void Dispose() => _slots.Dispose();

    private async Task<PlannedDocument> PlanAsync(
        Descriptor descriptor, ReadOnlyMemory<byte>? known, int depth, CancellationToken cancellationToken)
    {
        ContentGraph.Check(descriptor, depth);
        ReadOnlyMemory<byte> bytes = known ?? await ReadBytesAsync(descriptor, cancellationToken).ConfigureAwait(false);
        if (MediaTypes.IsIndex(descriptor.MediaType))
        {
            return await PlanIndexAsync(descriptor, bytes, depth, cancellationToken).ConfigureAwait(false);
        }

        var document = OciDocument<ImageManifest>.Parse(bytes, descriptor.MediaType, _options.Copy.Documents);
        _reader.Count(document.Value.Layers.Count + 1);

        return await _manifests.PlanAsync(descriptor, document, cancellationToken).ConfigureAwait(false);
    }

    private async Task<PlannedDocument> PlanIndexAsync(
        Descriptor descriptor, ReadOnlyMemory<byte> bytes, int depth, CancellationToken cancellationToken)
    {
        var document = OciDocument<ImageIndex>.Parse(bytes, descriptor.MediaType, _options.Copy.Documents);
        _reader.Count(document.Value.Manifests);
        var planned = new PlannedIndex(descriptor, document)
        {
            Entries = await Task.WhenAll(document.Value.Manifests.Select(
                entry => PlanEntryAsync(entry, depth + 1, cancellationToken))).ConfigureAwait(false),
            MediaType = _options.Format switch
            {
                ImageFormat.Oci => MediaTypes.ImageIndex,
                ImageFormat.Docker => MediaTypes.DockerManifestList,
                _ => descriptor.MediaType,
            },
        };
        if (_options.Format == ImageFormat.Docker)
        {
            PlanDockerList(planned);
        }

        planned.IsChanged = planned.MediaType != descriptor.MediaType ||
            planned.Entries.Any(entry => entry.IsLeftOut || entry.Document is { IsChanged: true });

        return planned;
    }

    private async Task<PlannedEntry> PlanEntryAsync(Descriptor entry, int depth, CancellationToken cancellationToken)
    {
        ContentGraph.Check(entry, depth);
        if (!ContentGraph.HasChildren(entry))
        {
            return new PlannedEntry(entry, null);
        }

        Lazy<Task<PlannedDocument>> planned = _documents.GetOrAdd(
            ContentKey.Of(entry),
            _ => new Lazy<Task<PlannedDocument>>(() => PlanAsync(entry, null, depth, cancellationToken)));
        return new PlannedEntry(entry, await planned.Value.ConfigureAwait(false));
    }

    private void PlanDockerList(PlannedIndex index)
    {
        foreach (PlannedEntry entry in index.Entries)
        {
            if (entry.Document is PlannedIndex && index.BecomesDocker)
            {
                throw new ConversionException(
                    index.Original,
                    $"Index '{index.Original.Digest}' lists another index, '{entry.Original.Digest}', which Docker's manifest list " +
                    "cannot. Choosing platforms makes an index without others in it.");
            }

            string? reason = entry.Document is null
                ? $"'{entry.Original.Digest}' is neither a manifest nor an index, and Docker's manifest list has nothing else."
                : entry.Document.NoDockerForm;
            if (reason is not null && (index.BecomesDocker || entry.Document is not null))
            {
                _losses.Add(entry.Original, reason);
                entry.IsLeftOut = true;
            }
            else if (index.BecomesDocker)
            {
                RequirePlatform(index, entry);
            }
        }

        if (index.Entries.Count > 0 && index.Entries.All(entry => entry.IsLeftOut))
        {
            throw new ConversionException(index.Original, $"Index '{index.Original.Digest}' has nothing that Docker's format has a form for.");
        }

        if (index.BecomesDocker && DockerForm.LossesOf(index.Index, index.Entries).ToArray() is { Length: > 0 } losses)
        {
            _losses.Add(index.Original, $"Index '{index.Original.Digest}' has {string.Join(", ", losses)}, which Docker's format cannot say.");
        }
    }

    // The platform is required there; where the index does not say it, the configuration does.
    private static void RequirePlatform(PlannedIndex index, PlannedEntry entry)
    {
        Platform? platform = entry.Original.Platform ?? (entry.Document as PlannedManifest)?.Platform;
        if (platform is null || platform.Os.Length == 0 || platform.Architecture.Length == 0)
        {
            throw new ConversionException(
                index.Original,
                $"Neither index '{index.Original.Digest}' nor the image says for which platform '{entry.Original.Digest}' is, which " +
                "Docker's manifest list must.");
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadBytesAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await _reader.ReadBytesAsync(_source, CopySide.Source, descriptor, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }
}
