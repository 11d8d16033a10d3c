using Microsoft.Win32.SafeHandles;
using OciImage.Content;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Remembers layers in a file of this user, so that a conversion into a registry does not repeat the last one's work.</summary>
/// <remarks>
/// <para>
/// A record is appended under a lock on the file; readers wait for nobody. The file has at most 4 MiB, about 20 000 layers: the older
/// half goes when it is full. A line that is damaged is passed over, a file of another kind is
/// begun anew.
/// </para>
/// <para>
/// On Linux a file counts only when it belongs to this user and nobody else can write it: whoever could would choose the
/// layers of images that are converted. It counts only where it was made, too: a copy of it, as in a layout that somebody packed up,
/// is begun anew. All members may be used by many threads at once.
/// </para>
/// </remarks>
public sealed class LayerKnowledgeFile : ILayerKnowledge
{
    private const int MaxAttempts = 10;
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int WritableByOthers = 0x12;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(2);

    private readonly string _path;
    private readonly Lock _lock = new();
    private LayerForms _forms = new();
    private (ulong Inode, long Length, long Seconds, uint Nanoseconds) _state;

    /// <summary>Initializes a new instance. The file, and its directory, are made when there is something to remember.</summary>
    /// <param name="path">The path of the file.</param>
    public LayerKnowledgeFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Path.GetFullPath(path);
    }

    /// <summary>Gets the full path of the file.</summary>
    public string FilePath => _path;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KnownLayer>> FindLayersAsync(Digest diffId, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return new(ReadForms().Find(diffId));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new([]);
        }
    }

    /// <inheritdoc/>
    public async ValueTask RememberLayerAsync(KnownLayer layer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(layer);
        string? line = KnowledgeLine.Write(layer);
        if (line is null)
        {
            return;
        }

        try
        {
            if (IsKnown(layer))
            {
                return;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            LockedFile? file;
            for (int attempt = 1; !LockedFile.TryOpen(_path, create: true, out file); attempt++)
            {
                if (attempt == MaxAttempts)
                {
                    // Somebody else is busy remembering; this costs a repetition one day.
                    return;
                }

                await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
            }

            using (file)
            {
                Write(file, line);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // A full disk, or a place where this user may not write: knowledge that is not kept costs time only.
        }
    }

    internal static LayerKnowledgeFile InDirectory(string directory)
    {
        // Users do not share: what one of them wrote decides about the layers of images that another one publishes.
        string user = Libc.IsSupported ? $"-{Libc.GetEffectiveUserId()}" : "";
        return new LayerKnowledgeFile(Path.Combine(directory, $"layers{user}"));
    }

    private static bool IsTrusted(SafeFileHandle handle)
    {
        if (!Libc.IsSupported)
        {
            return true;
        }

        FileStatus status = BlobFile.Stat(handle);
        return status.Uid == Libc.GetEffectiveUserId() && (status.Permissions & WritableByOthers) == 0;
    }

    private bool IsKnown(KnownLayer layer)
    {
        LayerForms forms = ReadForms();
        return forms.Find(layer.DiffId).Any(form =>
            form.Digest == layer.Digest && form.Size == layer.Size && (layer.Recipe is null || form.Recipe == layer.Recipe));
    }

    private LayerForms ReadForms()
    {
        using SafeFileHandle? handle = BlobFile.TryOpen(_path, out _);
        if (handle is null || !IsTrusted(handle))
        {
            return new LayerForms();
        }

        lock (_lock)
        {
            (ulong Inode, long Length, long Seconds, uint Nanoseconds) state = StateOf(handle);
            if (state != _state)
            {
                var forms = new LayerForms();
                foreach (KnownLayer layer in KnowledgeLine.ReadAll(handle, InodeOf(handle)))
                {
                    forms.Add(layer);
                }

                _forms = forms;
                _state = state;
            }

            // Never changed once it is here, so it may leave the lock.
            return _forms;
        }
    }

    private static (ulong Inode, long Length, long Seconds, uint Nanoseconds) StateOf(SafeFileHandle handle)
    {
        if (!Libc.IsSupported)
        {
            return (0, RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle).Ticks, 0);
        }

        FileStatus status = BlobFile.Stat(handle);
        return (status.Inode, status.Size, status.ModifiedSeconds, status.ModifiedNanoseconds);
    }

    private void Write(LockedFile file, string line)
    {
        long length = RandomAccess.GetLength(file.Handle);
        if (length == 0 && IsOwn(file.Handle))
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file.Handle, Mode);
            }

            RandomAccess.Write(file.Handle, KnowledgeLine.Encode([], line, InodeOf(file.Handle)), 0);
            return;
        }

        if (!IsTrusted(file.Handle) || !KnowledgeLine.IsKnowledge(file.Handle, InodeOf(file.Handle)) || length > KnowledgeLine.MaxFileLength)
        {
            Replace([], line);
        }
        else if (length + line.Length + 2 > KnowledgeLine.MaxFileLength)
        {
            List<KnownLayer> known = KnowledgeLine.ReadAll(file.Handle, InodeOf(file.Handle));
            Replace(known[(known.Count / 2)..], line);
        }
        else
        {
            // What a process that died left of a line ends here, and is passed over.
            string start = KnowledgeLine.EndsWithLine(file.Handle, length) ? "" : "\n";
            RandomAccess.Write(file.Handle, KnowledgeLine.EncodeLine(start + line), length);
        }
    }

    private static ulong InodeOf(SafeFileHandle handle) => Libc.IsSupported ? BlobFile.Stat(handle).Inode : 0;

    private static bool IsOwn(SafeFileHandle handle) =>
        !Libc.IsSupported || BlobFile.Stat(handle).Uid == Libc.GetEffectiveUserId();

    // Others see the old file or the new one, whole; a record that somebody adds to the old one now is lost, which costs time only.
    private void Replace(IEnumerable<KnownLayer> kept, string line)
    {
        using LockedFile created = LockedFile.CreateTemporary(Path.GetDirectoryName(_path)!);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(created.Handle, Mode);
            }

            RandomAccess.Write(created.Handle, KnowledgeLine.Encode(kept, line, InodeOf(created.Handle)), 0);
            File.Move(created.Path, _path, overwrite: true);
        }
        catch
        {
            File.Delete(created.Path);
            throw;
        }
    }
}
