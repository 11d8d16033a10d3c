using OciImage.Compression;
using OciImage.Content;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>One layer that is being read in a single pass: stored bytes → digest → decompression → DiffID → entries.</summary>
internal sealed class LayerArchive : IAsyncDisposable
{
    private readonly IContentFetcher _source;
    private readonly LayerToApply _layer;
    private readonly LayerRemarks _remarks;
    private readonly ContentStream _stored;
    private readonly PeekStream _start;
    private readonly Stream _archive;
    private readonly HashingStream _hashed;

    private LayerArchive(
        IContentFetcher source,
        LayerToApply layer,
        LayerLimits limits,
        LayerRemarks remarks,
        ContentStream stored,
        PeekStream start,
        CompressionFormat format)
    {
        _source = source;
        _layer = layer;
        _remarks = remarks;
        _stored = stored;
        _start = start;
        var bounds = new DecompressionOptions { MaxSize = limits.MaxBytes, MaxRatio = limits.MaxRatio, Report = remarks.Add };
        _archive = LayerCompression.OpenDecompressor(start, format, bounds, leaveOpen: true);
        _hashed = new HashingStream(_archive, layer.DiffId);
        Reader = new TarReader(_hashed, new TarReaderOptions { MaxEntries = limits.MaxEntries });
    }

    public TarReader Reader { get; }

    /// <summary>Gets how many of the stored bytes were read.</summary>
    public long StoredPosition => _stored.Position;

    public static async ValueTask<LayerArchive> OpenAsync(
        IContentFetcher source,
        LayerToApply layer,
        LayerLimits limits,
        LayerRemarks remarks,
        CancellationToken cancellationToken)
    {
        remarks.Layer = layer.Descriptor.Digest;
        ContentStream stored = await source.OpenReadAsync(layer.Descriptor, cancellationToken).ConfigureAwait(false);
        var start = new PeekStream(stored);
        try
        {
            CompressionFormat format = await DetectAsync(start, layer.Descriptor, remarks, cancellationToken).ConfigureAwait(false);
            return new LayerArchive(source, layer, limits, remarks, stored, start, format);
        }
        catch
        {
            await start.DisposeAsync().ConfigureAwait(false);
            await stored.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads the layer to its very end, and refuses it when its size, its digest or its DiffID is another.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await Reader.DrainAsync(cancellationToken).ConfigureAwait(false);
        await _stored.CompleteAsync(cancellationToken).ConfigureAwait(false);
        _hashed.Verify(_layer.Descriptor);
        if (_source is ILayerKnowledge knowledge)
        {
            await knowledge.RememberLayerAsync(
                new KnownLayer(_layer.DiffId, _layer.Descriptor.Digest, _layer.Descriptor.Size), cancellationToken)
                .ConfigureAwait(false);
        }

        foreach (string oddity in Reader.Oddities)
        {
            _remarks.Add($"Layer '{_layer.Descriptor.Digest}': {oddity}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Reader.Dispose();
        await _hashed.DisposeAsync().ConfigureAwait(false);
        await _archive.DisposeAsync().ConfigureAwait(false);
        await _start.DisposeAsync().ConfigureAwait(false);
        await _stored.DisposeAsync().ConfigureAwait(false);
    }

    // The bytes decide: registries have carried layers under another compression's media type, and Docker's tools read them.
    private static async ValueTask<CompressionFormat> DetectAsync(
        PeekStream start, Descriptor descriptor, LayerRemarks remarks, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> magic = await start.PeekAsync(LayerCompression.MagicLength, cancellationToken).ConfigureAwait(false);
        CompressionFormat actual = LayerCompression.Detect(magic.Span);
        CompressionFormat promised = LayerCompression.FromMediaType(descriptor.MediaType) ??
            throw new LayerException(
                LayerErrorKind.Unsupported, $"'{Excerpt.Of(descriptor.MediaType)}' is not the media type of a layer.");
        if (actual != promised && magic.Length > 0)
        {
            remarks.Add($"Layer '{descriptor.Digest}' is announced as {promised}, but is {actual}.");
        }

        return actual;
    }
}
