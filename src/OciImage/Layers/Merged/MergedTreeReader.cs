using System.Buffers;
using System.Security.Cryptography;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Brings the entries of layers into a merged tree, and takes the digests of their contents.</summary>
internal sealed class MergedTreeReader(MergedTree tree, ImageFileTreeOptions options, LayerRemarks remarks)
{
    private const int BufferSize = 128 * 1024;

    private readonly EntryNames _names = new(options.MaxDepth, options.WindowsLayers, remarks);
    private long _bytes;
    private long _entryOfLayer;

    public long Entries { get; private set; }

    public void BeginLayer()
    {
        tree.BeginLayer();
        _names.BeginLayer();
        _entryOfLayer = 0;
    }

    public async ValueTask ReadAsync(TarReader reader, TarEntry entry, CancellationToken cancellationToken)
    {
        long index = _entryOfLayer++;
        if (++Entries > options.MaxEntries)
        {
            throw Limit($"The layers have more than {options.MaxEntries} entries.", entry);
        }

        if (!_names.TryRead(entry, out EntryPath path, out EntryPath linkTarget))
        {
            return;
        }

        MergeResult result = tree.Apply(entry, path, linkTarget);
        if (result.Node is { Type: TarEntryType.RegularFile } node && entry.Type == TarEntryType.RegularFile)
        {
            _bytes = checked(_bytes + entry.Size);
            if (_bytes > options.MaxBytes)
            {
                throw Limit($"The layers have more than {options.MaxBytes} bytes of files.", entry);
            }

            node.Content = new FileContent(tree.Layer, index, entry.Size);
            node.Content.Sha256 = await HashAsync(reader, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask<byte[]> HashAsync(TarReader reader, CancellationToken cancellationToken)
    {
        if (reader.TryTakeContent(out ReadOnlyMemory<byte> content))
        {
            return SHA256.HashData(content.Span);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await reader.ReadContentAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(buffer, 0, read);
            }

            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static LayerException Limit(string message, TarEntry entry) =>
        new(LayerErrorKind.LimitExceeded, message, entry.DisplayName);
}
