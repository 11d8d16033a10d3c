using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>Reads and changes <c>index.json</c>: under a lock, and replaced as a whole.</summary>
internal sealed class LayoutIndex(LayoutPaths paths, OciLayoutOptions options, BlobWriter writer)
{
    // The size bounds the number of entries, too.
    private readonly DocumentOptions _limits = new() { MaxSize = options.MaxIndexSize, MaxItems = int.MaxValue };

    // Of a store with many names the parsing costs more than the reading; the same bytes say the same.
    private OciDocument<ImageIndex>? _last;

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

        OciDocument<ImageIndex>? last = _last;
        if (last is null || !last.Bytes.Span.SequenceEqual(bytes.AsSpan(0, read)))
        {
            _last = last = LayoutDocument.Parse<ImageIndex>(bytes.AsMemory(0, read), paths.Index, _limits);
        }

        return last;
    }

    /// <summary>Changes the entries under the lock; a change that returns the same list writes nothing.</summary>
    public ValueTask UpdateEntriesAsync(
        Func<IReadOnlyList<Descriptor>, ValueTask<IReadOnlyList<Descriptor>>> change, CancellationToken cancellationToken) =>
        UpdateAsync(
            async index =>
            {
                IReadOnlyList<Descriptor> entries = await change(index.Manifests).ConfigureAwait(false);
                return ReferenceEquals(entries, index.Manifests) ? index : index with { Manifests = entries };
            },
            cancellationToken);

    /// <summary>Changes the index under the lock; a change that returns the same one writes nothing.</summary>
    /// <param name="change">Returns the new index for the present one.</param>
    /// <param name="cancellationToken">Cancels the wait for the lock, and the reading.</param>
    /// <param name="afterwards">What is done after the writing and under the lock.</param>
    public async ValueTask UpdateAsync(
        Func<ImageIndex, ValueTask<ImageIndex>> change, CancellationToken cancellationToken, Action? afterwards = null)
    {
        using LayoutLock held = await LayoutLock.AcquireAsync(paths, options, cancellationToken).ConfigureAwait(false);
        ImageIndex index = (await ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        ImageIndex changed = await change(index).ConfigureAwait(false);
        if (!ReferenceEquals(changed, index))
        {
            Write(changed);
        }

        afterwards?.Invoke();
    }

    public void Write(ImageIndex index)
    {
        OciDocument<ImageIndex> document = OciDocument<ImageIndex>.Create(index);
        ReadOnlySpan<byte> bytes = document.Bytes.Span;
        if (bytes.Length > options.MaxIndexSize)
        {
            throw new DocumentFormatException(
                $"'{paths.Index}' would have {bytes.Length} bytes; at most {options.MaxIndexSize} are read.");
        }

        writer.FlushBlobNames();
        writer.Replace(paths.Index, bytes);
        _last = document;
    }

    private OciException Missing(bool isOther) => isOther
        ? new DocumentFormatException($"'{paths.Index}' is not a regular file.")
        : new ContentNotFoundException($"'{paths.Root}' has no index.json.");
}
