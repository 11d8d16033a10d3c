using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Images;

/// <summary>One run of a check over graphs.</summary>
/// <remarks>
/// One task walks the documents, in order, and hands out the blobs; several read these. A fault is told at the place
/// where the walk met its content, whoever found it first.
/// </remarks>
internal sealed class ImageCheck(
    IContentFetcher source, CheckOptions options, IProgress<ContentProgress>? progress, CancellationTokenSource cancellation)
{
    private const int InputOutputError = 5;

    // Bytes of a digest and a size, and nothing else: no promise that another type does not make as well.
    private const string AnyType = "application/octet-stream";

    // What is promised of content is part of the key: the same digest under another type, size or DiffID is another promise.
    private readonly HashSet<(Digest Digest, string MediaType, long Size, Digest DiffId)> _seen = [];
    private readonly HashSet<(Digest Digest, long Size)> _contentsSeen = [];
    private readonly List<(long Place, CheckFault Fault)> _faults = [];
    private readonly DocumentOptions _limits = DocumentOptions.Default;
    private readonly Lock _lock = new();
    private readonly Channel<Blob> _blobs = Channel.CreateBounded<Blob>(new BoundedChannelOptions(4 * options.MaxConcurrency)
    {
        SingleWriter = true,
    });

    private ExceptionDispatchInfo? _failure;
    private long _place;
    private long _contents;
    private long _bytes;
    private bool _isTruncated;

    private bool IsFull => Volatile.Read(ref _isTruncated);

    public async ValueTask<CheckReport> RunAsync(IReadOnlyList<Descriptor> roots, CancellationToken cancellationToken)
    {
        IEnumerable<Task> readers = Enumerable.Range(0, options.MaxConcurrency).Select(_ => WatchAsync(ReadBlobsAsync));
        await Task.WhenAll([WatchAsync(() => WalkAsync(roots)), .. readers]).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        _failure?.Throw();
        IReadOnlyList<CheckFault> faults = [.. _faults.OrderBy(fault => fault.Place).Select(fault => fault.Fault)];

        return new CheckReport(_contents, _bytes, faults) { IsTruncated = _isTruncated };
    }

    // The first failure ends all; what follows from the cancellation it brings is not told.
    private async Task WatchAsync(Func<Task> work)
    {
        await Task.Yield();
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            if (Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null) is null)
            {
                await cancellation.CancelAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task WalkAsync(IReadOnlyList<Descriptor> roots)
    {
        foreach (Descriptor root in roots)
        {
            await VisitAsync(root, default, depth: 0, cancellation.Token).ConfigureAwait(false);
        }

        _blobs.Writer.Complete();
    }

    private async Task ReadBlobsAsync()
    {
        await foreach (Blob blob in _blobs.Reader.ReadAllAsync(cancellation.Token).ConfigureAwait(false))
        {
            if (!IsFull)
            {
                await WatchFaultAsync(
                    blob.Descriptor, blob.Place, () => ReadBlobAsync(blob.Descriptor, blob.DiffId, cancellation.Token))
                    .ConfigureAwait(false);
            }
        }
    }

    private async ValueTask WatchFaultAsync(Descriptor descriptor, long place, Func<ValueTask> read)
    {
        try
        {
            await read().ConfigureAwait(false);
        }
        catch (ContentNotFoundException) when (MediaTypes.IsNonDistributable(descriptor.MediaType))
        {
            // It is somewhere else on purpose.
        }
        catch (OciException exception) when (exception is not RegistryException)
        {
            Add(descriptor, place, exception);
        }
        catch (IOException exception) when (exception.HResult == InputOutputError)
        {
            // A device that cannot read its own bytes: content that is damaged, and no reason to end.
            Add(descriptor, place, new ContentVerificationException(
                descriptor, $"Content '{descriptor.Digest}' cannot be read: {exception.Message}", exception));
        }
    }

    private async ValueTask VisitAsync(Descriptor descriptor, Digest diffId, int depth, CancellationToken cancellationToken)
    {
        if (IsFull || !_seen.Add((descriptor.Digest, descriptor.MediaType, descriptor.Size, diffId)) ||
            (!_contentsSeen.Add((descriptor.Digest, descriptor.Size)) && diffId.IsEmpty && descriptor.MediaType == AnyType))
        {
            return;
        }

        long place = _place++;
        await WatchFaultAsync(descriptor, place, async () =>
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
                await _blobs.Writer.WriteAsync(new Blob(descriptor, diffId, place), cancellationToken).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    private async ValueTask VisitIndexAsync(Descriptor descriptor, int depth, CancellationToken cancellationToken)
    {
        byte[] bytes = await ReadDocumentAsync(descriptor, cancellationToken).ConfigureAwait(false);
        ImageIndex index = OciDocument<ImageIndex>.Parse(bytes, descriptor.MediaType, _limits).Value;
        foreach (Descriptor child in index.Manifests)
        {
            await VisitAsync(child, default, depth + 1, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask VisitManifestAsync(Descriptor descriptor, int depth, CancellationToken cancellationToken)
    {
        byte[] bytes = await ReadDocumentAsync(descriptor, cancellationToken).ConfigureAwait(false);
        var manifest = OciDocument<ImageManifest>.Parse(bytes, descriptor.MediaType, _limits);
        IReadOnlyList<Descriptor> layers = manifest.Value.Layers;
        IReadOnlyList<LayerToApply>? pairs = null;
        if (ImageShape.HasLayersOfImage(manifest.Value))
        {
            pairs = await PairLayersAsync(manifest, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await VisitAsync(manifest.Value.Config, default, depth + 1, cancellationToken).ConfigureAwait(false);
        }

        for (int i = 0; i < layers.Count; i++)
        {
            Digest diffId = pairs is null || ImageShape.IsEncrypted(layers[i]) ? default : pairs[i].DiffId;
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
            Add(descriptor, _place++, exception);
            return null;
        }

        try
        {
            ImageShape.RequireImage(manifest, allowEncrypted: true);
            return ImageShape.PairLayers(manifest, config);
        }
        catch (DocumentFormatException exception)
        {
            Add(manifest.Descriptor, _place++, exception);
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
                LayerLimits.Of(new UnpackOptions()),
                new LayerRemarks(),
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
            Add(descriptor, _place++, new ContentVerificationException(
                descriptor, $"The data embedded in the descriptor of '{descriptor.Digest}' is not that content."));
        }
    }

    private void Add(Descriptor descriptor, long place, OciException error)
    {
        lock (_lock)
        {
            if (_faults.Count < options.MaxFaults)
            {
                _faults.Add((place, new CheckFault(descriptor, error)));
            }
            else
            {
                _isTruncated = true;
            }
        }
    }

    private void Count(Descriptor descriptor)
    {
        lock (_lock)
        {
            _contents++;
            _bytes += descriptor.Size;
            progress?.Report(new ContentProgress(descriptor, descriptor.Size, ContentProgressState.Completed));
        }
    }

    private readonly record struct Blob(Descriptor Descriptor, Digest DiffId, long Place);
}
