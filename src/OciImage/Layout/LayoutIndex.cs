using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>Reads and changes <c>index.json</c>: under a lock, and replaced as a whole.</summary>
internal sealed class LayoutIndex(LayoutPaths paths, OciLayoutOptions options, BlobWriter writer)
{
    private readonly DocumentOptions _limits = new() { MaxSize = options.MaxIndexSize };

    public async ValueTask<OciDocument<ImageIndex>> ReadAsync(CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = BlobFile.TryOpen(paths.Index, out bool isOther) ?? throw Missing(isOther);
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

    /// <summary>Changes the entries under the lock; a change that returns the same list writes nothing.</summary>
    public async ValueTask UpdateAsync(
        Func<IReadOnlyList<Descriptor>, ValueTask<IReadOnlyList<Descriptor>>> change,
        CancellationToken cancellationToken,
        Action? afterwards = null)
    {
        using LayoutLock held = await LayoutLock.AcquireAsync(paths, options, cancellationToken).ConfigureAwait(false);
        ImageIndex index = (await ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        IReadOnlyList<Descriptor> entries = await change(index.Manifests).ConfigureAwait(false);
        if (!ReferenceEquals(entries, index.Manifests))
        {
            Write(index with { Manifests = entries });
        }

        afterwards?.Invoke();
    }

    public void Write(ImageIndex index)
    {
        ReadOnlySpan<byte> bytes = OciDocument<ImageIndex>.Create(index).Bytes.Span;
        if (bytes.Length > options.MaxIndexSize)
        {
            throw new DocumentFormatException(
                $"'{paths.Index}' would have {bytes.Length} bytes; at most {options.MaxIndexSize} are read.");
        }

        writer.FlushBlobNames();
        writer.Replace(paths.Index, bytes);
    }

    private OciException Missing(bool isOther) => isOther
        ? new DocumentFormatException($"'{paths.Index}' is not a regular file.")
        : new ContentNotFoundException($"'{paths.Root}' has no index.json.");
}
