using System.Security.Cryptography;
using OciImage.Content;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads the content of one file out of a layer, and compares it with the digest it had before.</summary>
internal sealed class LayerFileStream : ReadOnlyStream
{
    private readonly LayerArchive _archive;
    private readonly FileContent _content;
    private readonly LayerToApply _layer;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _ended;

    private LayerFileStream(LayerArchive archive, LayerToApply layer, FileContent content)
    {
        _archive = archive;
        _layer = layer;
        _content = content;
    }

    public static async ValueTask<LayerFileStream> OpenAsync(
        IContentFetcher source,
        LayerToApply layer,
        FileContent content,
        LayerLimits limits,
        CancellationToken cancellationToken)
    {
        LayerArchive archive = await LayerArchive.OpenAsync(source, layer, limits, new LayerRemarks(), cancellationToken)
            .ConfigureAwait(false);
        try
        {
            TarEntry? entry = null;
            for (long i = 0; i <= content.Entry; i++)
            {
                entry = await archive.Reader.ReadNextAsync(cancellationToken).ConfigureAwait(false) ?? throw Changed(layer);
            }

            return entry!.Size == content.Size ? new LayerFileStream(archive, layer, content) : throw Changed(layer);
        }
        catch
        {
            await archive.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        byte[] bytes = new byte[Math.Min(buffer.Length, 64 * 1024)];
        int read = ReadAsync(bytes).AsTask().GetAwaiter().GetResult();
        bytes.AsSpan(0, read).CopyTo(buffer);

        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ended || buffer.IsEmpty)
        {
            return 0;
        }

        int read = await _archive.Reader.ReadContentAsync(buffer, cancellationToken).ConfigureAwait(false);
        _hash.AppendData(buffer.Span[..read]);
        if (read == 0)
        {
            _ended = true;
            if (!_hash.GetHashAndReset().AsSpan().SequenceEqual(_content.Sha256))
            {
                throw Changed(_layer);
            }
        }

        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await _archive.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            _archive.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private static ContentVerificationException Changed(LayerToApply layer) => new(
        layer.Descriptor, $"Layer '{layer.Descriptor.Digest}' has another content now than when the tree was read.");
}
