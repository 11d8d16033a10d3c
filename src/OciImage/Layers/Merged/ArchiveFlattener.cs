using System.Buffers;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Writes a merged tree as one archive.</summary>
internal sealed class ArchiveFlattener(ImageFileTree tree, Stream target)
{
    private const int BufferSize = 256 * 1024;

    private readonly Dictionary<MergedNode, byte[]> _first = [];
    private readonly List<(MergedNode Node, byte[] Name)> _links = [];
    private readonly List<(MergedNode Node, byte[] Name)> _others = [];
    private long _entries;
    private long _bytes;

    // directories → contents, layer by layer → all else → hard links
    public async ValueTask<FlattenedArchive> RunAsync(CancellationToken cancellationToken)
    {
        // Not disposed: it owns nothing but its buffer, and would end the stream below it.
        using var archive = new ArchiveStream(target);
        var buffered = new BufferedStream(archive, BufferSize);
        var writer = new TarWriter(buffered);
        await WriteAsync(writer, tree.Root.Node, "./"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        foreach (ImageFile file in tree.Root.GetDescendants())
        {
            await SortAsync(writer, file, cancellationToken).ConfigureAwait(false);
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await tree.ReadContentsAsync(
                (node, reader) => CopyAsync(writer, node, reader, buffer, cancellationToken), new LayerRemarks(), cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        foreach ((MergedNode node, byte[] name) in _others)
        {
            await WriteAsync(writer, node, name, cancellationToken).ConfigureAwait(false);
        }

        foreach ((MergedNode node, byte[] name) in _links)
        {
            _entries++;
            await writer.WriteEntryAsync(Describe(node, name, TarEntryType.HardLink, _first[node]), cancellationToken)
                .ConfigureAwait(false);
        }

        await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        await buffered.FlushAsync(cancellationToken).ConfigureAwait(false);

        (Digest diffId, long size) = archive.Finish();
        return new FlattenedArchive(diffId, size, _entries, _bytes);
    }

    private async ValueTask SortAsync(TarWriter writer, ImageFile file, CancellationToken cancellationToken)
    {
        byte[] name = file.Path.ToArray();
        if (file.Node is MergedDirectory)
        {
            await WriteAsync(writer, file.Node, [.. name, (byte)'/'], cancellationToken).ConfigureAwait(false);
        }
        else if (file.Node.WasLinked && !_first.TryAdd(file.Node, name))
        {
            _links.Add((file.Node, name));
        }
        else if (file.Node.Content is { Size: > 0 })
        {
            _first[file.Node] = name;
        }
        else
        {
            _others.Add((file.Node, name));
        }
    }

    private async ValueTask CopyAsync(
        TarWriter writer, MergedNode node, TarReader reader, byte[] buffer, CancellationToken cancellationToken)
    {
        await WriteAsync(writer, node, _first[node], cancellationToken).ConfigureAwait(false);
        int read;
        while ((read = await reader.ReadContentAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            await writer.WriteContentAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            _bytes += read;
        }
    }

    private ValueTask WriteAsync(TarWriter writer, MergedNode node, byte[] name, CancellationToken cancellationToken)
    {
        _entries++;
        return writer.WriteEntryAsync(Describe(node, name, node.Type, node.LinkTarget), cancellationToken);
    }

    private static TarEntry Describe(MergedNode node, byte[] name, TarEntryType type, byte[] linkName) => new()
    {
        Type = type,
        Name = name,
        LinkName = linkName,
        Size = type == TarEntryType.RegularFile ? node.Content?.Size ?? 0 : 0,
        Mode = (int)node.Metadata.Mode,
        Uid = node.Metadata.Uid,
        Gid = node.Metadata.Gid,
        ModifiedTime = node.Metadata.ModifiedTime,
        DeviceMajor = node.DeviceMajor,
        DeviceMinor = node.DeviceMinor,
        Xattrs = type == TarEntryType.HardLink ? [] : node.Metadata.Xattrs,
    };
}
