using Microsoft.Win32.SafeHandles;
using OciImage.Json;

namespace OciImage.Layout;

/// <summary>Reads and changes <c>index.json</c>: under a lock, and replaced as a whole.</summary>
internal sealed class LayoutIndex(LayoutPaths paths, OciLayoutOptions options)
{
    private readonly DocumentOptions _limits = new() { MaxSize = options.MaxIndexSize };

    public async ValueTask<OciDocument<ImageIndex>> ReadAsync(CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = BlobFile.TryOpen(paths.Index) ??
            throw new ContentNotFoundException($"'{paths.Root}' has no index.json.");
        long length = RandomAccess.GetLength(handle);
        if (length > options.MaxIndexSize)
        {
            throw new DocumentFormatException(
                $"'{paths.Index}' has {length} bytes; at most {options.MaxIndexSize} are read.");
        }

        byte[] bytes = new byte[length];
        int read = 0;
        while (read < bytes.Length)
        {
            int count = await RandomAccess.ReadAsync(handle, bytes.AsMemory(read), read, cancellationToken)
                .ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            read += count;
        }

        return OciDocument<ImageIndex>.Parse(bytes.AsMemory(0, read), null, _limits);
    }

    /// <summary>Changes the entries; a change that returns the same list writes nothing.</summary>
    public async ValueTask UpdateAsync(
        Func<IReadOnlyList<Descriptor>, IReadOnlyList<Descriptor>> change, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(paths.Ingest);
        using IDisposable held = await LayoutLock.AcquireAsync(paths.IndexLock, cancellationToken).ConfigureAwait(false);
        OciDocument<ImageIndex> index = await ReadAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Descriptor> entries = change(index.Value.Manifests);
        if (!ReferenceEquals(entries, index.Value.Manifests))
        {
            Write(index.Value with { Manifests = entries });
        }
    }

    public void Write(ImageIndex index)
    {
        Replace(paths.Index, OciDocument<ImageIndex>.Create(index).Bytes.Span);
    }

    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        Directory.CreateDirectory(paths.Ingest);
        string temporary = Path.Combine(paths.Ingest, $"{Guid.NewGuid():N}.tmp");
        try
        {
            using (SafeFileHandle handle = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(handle, bytes, 0);
                if (options.Durable)
                {
                    RandomAccess.FlushToDisk(handle);
                }
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        if (options.Durable)
        {
            BlobFile.FlushDirectory(paths.Root);
        }
    }
}
