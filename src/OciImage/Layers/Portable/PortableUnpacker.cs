using System.Buffers;
using System.Text;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Makes a tree with what every system has: directories, files, and links that stay inside.</summary>
/// <remarks>
/// The merged tree is known before anything is made. Directories are made first and links last, so no path ever leads over a
/// link; names that are one name to the file system are found before, and found again by what is already there.
/// </remarks>
internal sealed class PortableUnpacker(ImageFileTree tree, IPortableFileSystem files, UnpackOptions options, string root)
{
    private const int BufferSize = 256 * 1024;
    private const int SetIdBits = 0xE00;

    private readonly LayerRemarks _remarks = new();
    private readonly Dictionary<MergedNode, string> _first = [];
    private readonly List<(ImageFile File, string Path)> _directories = [];
    private readonly List<(ImageFile File, string Path)> _empty = [];
    private readonly List<(ImageFile File, string Path)> _copies = [];
    private readonly List<(ImageFile File, string Path)> _links = [];

    public long Bytes { get; private set; }

    public IReadOnlyList<LayerRemark> Remarks => _remarks.ToList();

    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        Plan();
        foreach ((ImageFile directory, string path) in _directories)
        {
            MakeDirectory(directory, path);
        }

        await WriteContentsAsync(cancellationToken).ConfigureAwait(false);
        foreach ((ImageFile file, string path) in _empty)
        {
            await files.CreateFile(path).DisposeAsync().ConfigureAwait(false);
            SetMetadata(file.Node, path);
        }

        foreach ((ImageFile file, string path) in _copies)
        {
            cancellationToken.ThrowIfCancellationRequested();
            files.CopyFile(_first[file.Node], path);
            Bytes += file.Size;
            SetMetadata(file.Node, path);
        }

        _links.ForEach(link => MakeLink(link.File, link.Path));
        for (int i = _directories.Count - 1; i >= 0; i--)
        {
            SetMetadata(_directories[i].File.Node, _directories[i].Path);
        }

        SetMetadata(tree.Root.Node, root);
    }

    // Decides what has which path, and what has none.
    private void Plan()
    {
        var pending = new Stack<(ImageFile Directory, string Path)>();
        pending.Push((tree.Root, root));
        while (pending.TryPop(out (ImageFile Directory, string Path) current))
        {
            var taken = new HashSet<string>(StringComparer.Ordinal);
            foreach (ImageFile file in current.Directory.GetChildren())
            {
                string? fault = files.Rules.Read(file.Name.Span, out string name);
                fault ??= taken.Add(files.Rules.KeyOf(name)) ? null : "is the name of another file to this system";
                if (fault is not null)
                {
                    SkipName(file, fault);
                    continue;
                }

                string path = Path.Combine(current.Path, name);
                if (Plan(file, path))
                {
                    pending.Push((file, path));
                }
            }
        }
    }

    // Returns whether it is a directory.
    private bool Plan(ImageFile file, string path)
    {
        NoteXattrs(file);
        switch (file.Type)
        {
            case TarEntryType.Directory:
                _directories.Add((file, path));
                return true;
            case TarEntryType.RegularFile when file.Size == 0:
                _empty.Add((file, path));
                return false;
            case TarEntryType.RegularFile when _first.TryAdd(file.Node, path):
                return false;
            case TarEntryType.RegularFile:
                _copies.Add((file, path));
                _remarks.Add(
                    LayerRemarkKind.FileType, file.DisplayPath, $"The hard link '{Excerpt.Of(file.DisplayPath)}' became a copy.");
                return false;
            case TarEntryType.SymbolicLink:
                _links.Add((file, path));
                return false;
            default:
                _remarks.Add(
                    file.Type == TarEntryType.Fifo ? LayerRemarkKind.FileType : LayerRemarkKind.Device,
                    file.DisplayPath,
                    $"'{Excerpt.Of(file.DisplayPath)}' is a device or a FIFO, and was skipped.");
                return false;
        }
    }

    // Two names that the rules know nothing of may still be one to the file system; merging them silently would be worst.
    private void MakeDirectory(ImageFile directory, string path)
    {
        if (files.Exists(path))
        {
            throw new LayerException(
                LayerErrorKind.Unsupported,
                $"The name '{Excerpt.Of(directory.DisplayPath)}' is that of another file to this file system.",
                directory.DisplayPath);
        }

        files.CreateDirectory(path);
    }

    private async ValueTask WriteContentsAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await tree.ReadContentsAsync(
                (node, reader) => _first.TryGetValue(node, out string? path)
                    ? WriteAsync(node, path, reader, buffer, cancellationToken)
                    : ValueTask.CompletedTask,
                new LayerRemarks(),
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask WriteAsync(
        MergedNode node, string path, TarReader reader, byte[] buffer, CancellationToken cancellationToken)
    {
        Stream target = files.CreateFile(path);
        await using (target.ConfigureAwait(false))
        {
            if (reader.Extents is { } extents)
            {
                target.SetLength(node.Content!.Size);
                foreach (TarExtent extent in extents)
                {
                    target.Seek(extent.Offset, SeekOrigin.Begin);
                    await CopyAsync(reader, target, extent.Length, buffer, cancellationToken).ConfigureAwait(false);
                }
            }
            else
            {
                await CopyAsync(reader, target, node.Content!.Size, buffer, cancellationToken).ConfigureAwait(false);
            }
        }

        SetMetadata(node, path);
    }

    private async ValueTask CopyAsync(
        TarReader reader, Stream target, long count, byte[] buffer, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            int wanted = (int)Math.Min(count, buffer.Length);
            int read = await reader.ReadDataAsync(buffer.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new LayerException(LayerErrorKind.Malformed, "A file ends early.");
            }

            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            Bytes += read;
            count -= read;
        }
    }

    private void MakeLink(ImageFile file, string path)
    {
        string? fault = ReadTarget(file, out string target);
        bool toDirectory = fault is null && tree.Find(file.Path.Span) is { IsDirectory: true };
        if (fault is null && !files.TryCreateLink(path, target, toDirectory))
        {
            fault = "could not be made: the system does not let this user make links";
        }

        if (fault is not null)
        {
            _remarks.Add(
                LayerRemarkKind.FileType, file.DisplayPath, $"The link '{Excerpt.Of(file.DisplayPath)}' {fault}, and was skipped.");
        }
    }

    // On these systems nobody enters the tree as a root directory, so a link that leads out of it would lead to the user's own files.
    private string? ReadTarget(ImageFile file, out string target)
    {
        target = "";
        if (!System.Text.Unicode.Utf8.IsValid(file.LinkTarget.Span))
        {
            return "has a target that is no text";
        }

        target = Encoding.UTF8.GetString(file.LinkTarget.Span);
        if (!ImageFileTree.StaysInside(file))
        {
            return "leads out of the tree";
        }

        if (!files.Rules.IsWindows)
        {
            return null;
        }

        foreach (string component in target.Split('/'))
        {
            if (component is not ("" or "." or "..") && files.Rules.Read(Encoding.UTF8.GetBytes(component), out _) is not null)
            {
                return "has a target that Windows cannot have";
            }
        }

        target = target.Replace('/', '\\');
        return null;
    }

    private void SetMetadata(MergedNode node, string path) =>
        files.SetMetadata(path, node is MergedDirectory, (int)node.Metadata.Mode, node.Metadata.ModifiedTime);

    private void NoteXattrs(ImageFile file)
    {
        if (file.Xattrs.Count > 0)
        {
            _remarks.Add(
                LayerRemarkKind.Xattr,
                file.DisplayPath,
                $"{file.Xattrs.Count} extended attributes of '{Excerpt.Of(file.DisplayPath)}' were left out.");
        }

        if ((file.Mode & SetIdBits) != 0 && !file.IsDirectory)
        {
            _remarks.Add(
                LayerRemarkKind.Mode,
                file.DisplayPath,
                $"'{Excerpt.Of(file.DisplayPath)}' lost its set-user-id, set-group-id and sticky bits.");
        }
    }

    private void SkipName(ImageFile file, string fault)
    {
        string message = $"The name '{Excerpt.Of(file.DisplayPath)}' {fault}";
        if (options.Names == NamePolicy.Refuse)
        {
            throw new LayerException(LayerErrorKind.Unsupported, message + ".", file.DisplayPath);
        }

        _remarks.Add(LayerRemarkKind.Name, file.DisplayPath, message + ", and was skipped with all below it.");
    }
}
