using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Images;

/// <summary>Reads every byte below a root and says what is wrong: sizes, digests, documents, DiffIDs.</summary>
public static class ImageChecker
{
    private const int MaxFaults = 1000;

    /// <summary>Checks a manifest or an index with everything below it. A fault does not end the check.</summary>
    /// <param name="source">The place that has the content.</param>
    /// <param name="root">The manifest, index or blob.</param>
    /// <param name="progress">Told of each piece of content that was read, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>What was read, and every fault.</returns>
    /// <exception cref="RegistryException">The registry refuses or cannot be reached, so that nothing can be said.</exception>
    public static async ValueTask<CheckReport> CheckAsync(
        IContentFetcher source,
        Descriptor root,
        IProgress<ContentProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(root);
        var check = new Check(source, progress, cancellationToken);
        await check.VisitAsync(root, depth: 0).ConfigureAwait(false);

        return check.ToReport();
    }

    private sealed class Check(IContentFetcher source, IProgress<ContentProgress>? progress, CancellationToken cancellationToken)
    {
        private readonly HashSet<(Digest Digest, Digest DiffId)> _seen = [];
        private readonly List<CheckFault> _faults = [];
        private readonly DocumentOptions _limits = new();
        private long _contents;
        private long _bytes;

        public CheckReport ToReport() => new(_contents, _bytes, _faults);

        public async ValueTask VisitAsync(Descriptor descriptor, int depth)
        {
            if (!_seen.Add((descriptor.Digest, default)) || _faults.Count >= MaxFaults)
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

                if (!ContentGraph.HasChildren(descriptor))
                {
                    await ReadBlobAsync(descriptor, diffId: null).ConfigureAwait(false);
                    return;
                }

                byte[] bytes = await ContentGraph.ReadAsync(source, descriptor, _limits, cancellationToken).ConfigureAwait(false);
                IReadOnlyList<Descriptor> children = ContentGraph.ParseChildren(descriptor, bytes, _limits);
                Count(descriptor);
                if (MediaTypes.IsManifest(descriptor.MediaType))
                {
                    await VisitManifestAsync(descriptor, bytes).ConfigureAwait(false);
                    return;
                }

                foreach (Descriptor child in children)
                {
                    await VisitAsync(child, depth + 1).ConfigureAwait(false);
                }
            }
            catch (OciException exception) when (exception is not RegistryException)
            {
                _faults.Add(new CheckFault(descriptor, exception));
            }
        }

        private async ValueTask VisitManifestAsync(Descriptor descriptor, byte[] bytes)
        {
            ImageManifest manifest = OciDocument<ImageManifest>.Parse(bytes, descriptor.MediaType, _limits).Value;
            await VisitAsync(manifest.Config, depth: 1).ConfigureAwait(false);
            IReadOnlyList<LayerToApply>? pairs = null;
            if (MediaTypes.IsImageConfig(manifest.Config.MediaType) && !_faults.Exists(fault => fault.Descriptor == manifest.Config))
            {
                try
                {
                    pairs = (await ContainerImage.ReadAsync(source, descriptor, cancellationToken).ConfigureAwait(false)).Layers;
                }
                catch (OciException exception) when (exception is not RegistryException)
                {
                    _faults.Add(new CheckFault(descriptor, exception));
                }
            }

            for (int i = 0; i < manifest.Layers.Count; i++)
            {
                Descriptor layer = manifest.Layers[i];
                Digest? diffId = pairs?[i].DiffId;
                if (!_seen.Add((layer.Digest, diffId ?? default)))
                {
                    continue;
                }

                try
                {
                    await ReadBlobAsync(layer, diffId).ConfigureAwait(false);
                }
                catch (OciException exception) when (exception is not RegistryException)
                {
                    _faults.Add(new CheckFault(layer, exception));
                }
            }
        }

        private async ValueTask ReadBlobAsync(Descriptor descriptor, Digest? diffId)
        {
            if (diffId is { } expected)
            {
                await LayerStream.ReadAsync(
                    source, new LayerToApply(descriptor, expected), new UnpackOptions(), new UnpackNotes(),
                    static (_, _) => ValueTask.CompletedTask, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                ContentStream stream = await source.OpenReadAsync(descriptor, cancellationToken).ConfigureAwait(false);
                await using (stream.ConfigureAwait(false))
                {
                    await stream.CompleteAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            Count(descriptor);
        }

        private void Count(Descriptor descriptor)
        {
            _contents++;
            _bytes += descriptor.Size;
            progress?.Report(new ContentProgress(descriptor, descriptor.Size, ContentProgressState.Completed));
        }
    }
}
