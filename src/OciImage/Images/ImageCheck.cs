using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Images;

/// <summary>One run of a check over a graph.</summary>
internal sealed class ImageCheck(IContentFetcher source, IProgress<ContentProgress>? progress)
{
    private const int MaxFaults = 1000;

    // What is promised of content is part of the key: the same digest under another type, size or DiffID is another promise.
    private readonly HashSet<(Digest Digest, string MediaType, long Size, Digest DiffId)> _seen = [];
    private readonly List<CheckFault> _faults = [];
    private readonly DocumentOptions _limits = DocumentOptions.Default;
    private long _contents;
    private long _bytes;

    public CheckReport ToReport() => new(_contents, _bytes, _faults);

    public ValueTask VisitAsync(Descriptor descriptor, int depth, CancellationToken cancellationToken) =>
        VisitAsync(descriptor, default, depth, cancellationToken);

    private async ValueTask VisitAsync(Descriptor descriptor, Digest diffId, int depth, CancellationToken cancellationToken)
    {
        if (_faults.Count >= MaxFaults || !_seen.Add((descriptor.Digest, descriptor.MediaType, descriptor.Size, diffId)))
        {
            return;
        }

        try
        {
            if (depth > ContentGraph.MaxDepth)
            {
                throw ContentGraph.TooDeep(descriptor);
            }

            if (MediaTypes.IsDockerSchema1(descriptor.MediaType))
            {
                throw ContentGraph.Schema1(descriptor);
            }

            CheckData(descriptor);
            if (MediaTypes.IsManifest(descriptor.MediaType))
            {
                await VisitManifestAsync(descriptor, depth, cancellationToken).ConfigureAwait(false);
            }
            else if (MediaTypes.IsIndex(descriptor.MediaType))
            {
                await VisitIndexAsync(descriptor, depth, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await ReadBlobAsync(descriptor, diffId, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ContentNotFoundException) when (MediaTypes.IsNonDistributable(descriptor.MediaType))
        {
            // It is somewhere else on purpose.
        }
        catch (OciException exception) when (exception is not RegistryException)
        {
            Add(descriptor, exception);
        }
    }

    private async ValueTask VisitIndexAsync(Descriptor descriptor, int depth, CancellationToken cancellationToken)
    {
        byte[] bytes = await ReadDocumentAsync(descriptor, cancellationToken).ConfigureAwait(false);
        ImageIndex index = OciDocument<ImageIndex>.Parse(bytes, descriptor.MediaType, _limits).Value;
        foreach (Descriptor child in index.Manifests)
        {
            await VisitAsync(child, depth + 1, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask VisitManifestAsync(Descriptor descriptor, int depth, CancellationToken cancellationToken)
    {
        byte[] bytes = await ReadDocumentAsync(descriptor, cancellationToken).ConfigureAwait(false);
        var manifest = OciDocument<ImageManifest>.Parse(bytes, descriptor.MediaType, _limits);
        IReadOnlyList<Descriptor> layers = manifest.Value.Layers;
        IReadOnlyList<LayerToApply>? pairs = null;
        if (ImageShape.IsImage(manifest.Value))
        {
            pairs = await PairLayersAsync(manifest, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await VisitAsync(manifest.Value.Config, depth + 1, cancellationToken).ConfigureAwait(false);
        }

        for (int i = 0; i < layers.Count; i++)
        {
            Digest diffId = pairs is null ? default : pairs[i].DiffId;
            await VisitAsync(layers[i], diffId, depth + 1, cancellationToken).ConfigureAwait(false);
        }
    }

    // Without a configuration that can be believed the layers are still read, only not against DiffIDs.
    private async ValueTask<IReadOnlyList<LayerToApply>?> PairLayersAsync(
        OciDocument<ImageManifest> manifest, CancellationToken cancellationToken)
    {
        Descriptor descriptor = manifest.Value.Config;
        ImageConfig config;
        try
        {
            CheckData(descriptor);
            byte[] bytes = await ReadDocumentAsync(descriptor, cancellationToken).ConfigureAwait(false);
            config = OciDocument<ImageConfig>.Parse(bytes, descriptor.MediaType, _limits).Value;
        }
        catch (OciException exception) when (exception is not RegistryException)
        {
            Add(descriptor, exception);
            return null;
        }

        try
        {
            ImageShape.RequireImage(manifest);
            return ImageShape.PairLayers(manifest, config);
        }
        catch (DocumentFormatException exception)
        {
            Add(manifest.Descriptor, exception);
            return null;
        }
    }

    private async ValueTask<byte[]> ReadDocumentAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        // What the store has is asked for, also where the descriptor embeds the content.
        byte[] bytes = await ContentGraph
            .ReadAsync(source, descriptor with { Data = null }, _limits, cancellationToken)
            .ConfigureAwait(false);
        Count(descriptor);

        return bytes;
    }

    private async ValueTask ReadBlobAsync(Descriptor descriptor, Digest diffId, CancellationToken cancellationToken)
    {
        if (diffId.IsEmpty)
        {
            await ReadStoredAsync(descriptor, cancellationToken).ConfigureAwait(false);
            Count(descriptor);
            return;
        }

        try
        {
            await LayerStream.ReadAsync(
                source,
                new LayerToApply(descriptor, diffId),
                new UnpackOptions(),
                new UnpackNotes(),
                static (_, _) => ValueTask.CompletedTask,
                cancellationToken).ConfigureAwait(false);
        }
        catch (LayerException)
        {
            // Damaged bytes seldom decompress: when the stored bytes are at fault, that is the fault to tell.
            await ReadStoredAsync(descriptor, cancellationToken).ConfigureAwait(false);
            throw;
        }

        Count(descriptor);
    }

    private async ValueTask ReadStoredAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        ContentStream stream = await source.OpenReadAsync(descriptor, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await stream.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void CheckData(Descriptor descriptor)
    {
        if (descriptor.Data is not null && descriptor.Digest.CanVerify && !descriptor.TryGetVerifiedData(out _))
        {
            Add(descriptor, new ContentVerificationException(
                descriptor, $"The data embedded in the descriptor of '{descriptor.Digest}' is not that content."));
        }
    }

    private void Add(Descriptor descriptor, OciException error)
    {
        if (_faults.Count < MaxFaults)
        {
            _faults.Add(new CheckFault(descriptor, error));
        }
    }

    private void Count(Descriptor descriptor)
    {
        _contents++;
        _bytes += descriptor.Size;
        progress?.Report(new ContentProgress(descriptor, descriptor.Size, ContentProgressState.Completed));
    }
}
