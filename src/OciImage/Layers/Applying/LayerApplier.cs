using System.Text;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Applies entries to a tree: names are resolved in the root, what is there is unlinked first, metadata comes last.</summary>
internal sealed class LayerApplier : IDisposable
{
    private const int MaxLinkTarget = 4095;

    private readonly DirectoryHandle _root;
    private readonly UnpackOptions _options;
    private readonly LayerRemarks _remarks;
    private readonly PathWalker _walker;
    private readonly NodeMetadataWriter _metadata;
    private readonly ParentCache _parents = new();
    private readonly TreeState _state;
    private readonly LowerContent _lower;
    private readonly RegularFileWriter _files;
    private readonly DeviceWriter _devices;
    private readonly HashSet<(ulong Directory, ByteString Name)> _skipped = [];
    private readonly EntryNames _names;

    public LayerApplier(DirectoryHandle root, UnpackOptions options, LayerRemarks remarks)
    {
        _root = root;
        _options = options;
        _remarks = remarks;
        _devices = new DeviceWriter(options.Devices, remarks);
        _walker = new PathWalker(root, PathWalker.HasOpenAt2 && !options.AvoidOpenAt2);
        _metadata = new NodeMetadataWriter(new OwnerRules(options), new XattrRules(options.AllowedXattrs), remarks);
        _files = new RegularFileWriter(options.MaxBytes, _metadata);
        _names = new EntryNames(options.MaxDepth, options.WindowsLayers, remarks);
        _state = new TreeState(root.Inode, options.MaxDepth);
        _lower = new LowerContent(_state);
    }

    public long Entries { get; private set; }

    public long Bytes => _files.BytesWritten;

    /// <summary>Starts the next layer: what was made so far is below it, and its whiteouts remove it.</summary>
    public void BeginLayer()
    {
        _names.BeginLayer();
        _state.Applied.Clear();
        _state.Clean.Clear();
    }

    public async ValueTask ApplyAsync(TarReader reader, TarEntry entry, CancellationToken cancellationToken)
    {
        if (++Entries > _options.MaxEntries)
        {
            throw new LayerException(
                LayerErrorKind.LimitExceeded, $"The layers have more than {_options.MaxEntries} entries.", entry.DisplayName);
        }

        if (!_names.TryRead(entry, out EntryPath path, out EntryPath linkTarget))
        {
            return;
        }

        try
        {
            await ApplyAsync(reader, entry, path, linkTarget, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception) when (exception.HResult is LinuxError.Loop or LinuxError.NameTooLong or
            LinuxError.NotFound or LinuxError.NotDirectory or LinuxError.IsDirectory or LinuxError.Exists or LinuxError.Invalid)
        {
            throw new LayerException(
                LayerErrorKind.Unsafe,
                $"The entry '{Excerpt.Of(entry.DisplayName)}' cannot be applied: {exception.Message}",
                entry.DisplayName,
                exception);
        }
    }

    /// <summary>Gives directories their metadata, deepest first; until now they could be written to.</summary>
    public void Finish() => new DirectoryFinisher(_state, _metadata).Run(_root);

    public void Dispose()
    {
        _parents.Dispose();
        _files.Dispose();
    }

    private async ValueTask ApplyAsync(
        TarReader reader, TarEntry entry, EntryPath path, EntryPath linkTarget, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
        {
            _state.SetRoot(entry.Type == TarEntryType.Directory
                ? NodeMetadata.Of(entry)
                : throw Refuse(entry, "the root can only be a directory"));
            NoteWhereDuplicate(_root, path.Name, entry);
            return;
        }

        if (Whiteout.IsUnderBookkeeping(path.Parent))
        {
            return;
        }

        switch (Whiteout.Classify(path.Name, out byte[] hidden))
        {
            case WhiteoutKind.Explicit:
                if (TryOpenParent(path) is { } withHidden && _lower.Remove(withHidden, hidden))
                {
                    _parents.Invalidate();
                }

                break;
            case WhiteoutKind.Opaque:
                if (TryOpenParent(path) is { } opaque && _lower.Prune(opaque))
                {
                    _parents.Invalidate();
                }

                break;
            case WhiteoutKind.None:
                await CreateAsync(reader, entry, OpenParent(path), path.Name, linkTarget, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private DirectoryHandle OpenParent(EntryPath path) =>
        _parents.TryGet(path.Parent) ??
        _parents.Set(path.Parent, _walker.OpenOrCreate(path.Parent, _state.AddImplied, Remove));

    // A whiteout below a directory that is not there removes nothing, and makes nothing.
    private DirectoryHandle? TryOpenParent(EntryPath path)
    {
        if (_parents.TryGet(path.Parent) is { } cached)
        {
            return cached;
        }

        int error = _walker.TryOpen(path.Parent, out DirectoryHandle? parent);
        return error switch
        {
            0 => _parents.Set(path.Parent, parent!),
            LinuxError.NotFound or LinuxError.NotDirectory => null,
            _ => throw LinuxError.Of(error, "Resolving", path.Parent),
        };
    }

    private async ValueTask CreateAsync(
        TarReader reader,
        TarEntry entry,
        DirectoryHandle parent,
        byte[] name,
        EntryPath linkTarget,
        CancellationToken cancellationToken)
    {
        NoteWhereDuplicate(parent, name, entry);
        switch (entry.Type)
        {
            case TarEntryType.Directory:
                CreateDirectory(entry, parent, name);
                return;
            case TarEntryType.HardLink:
                CreateHardLink(entry, parent, name, linkTarget);
                return;
            case TarEntryType.RegularFile:
                Remove(parent, name);
                await _files.WriteAsync(reader, entry, parent, name, cancellationToken).ConfigureAwait(false);
                return;
            case TarEntryType.SymbolicLink:
                Remove(parent, name);
                CreateSymbolicLink(entry, parent, name);
                break;
            default:
                Remove(parent, name);
                if (_devices.Write(entry, parent, name) is not DeviceOutcome.Made and var outcome)
                {
                    if (outcome == DeviceOutcome.Skipped)
                    {
                        _skipped.Add((parent.Inode, new ByteString(name)));
                    }

                    return;
                }

                break;
        }

        _metadata.Apply(parent, name, NodeMetadata.Of(entry), entry.Type == TarEntryType.SymbolicLink);
    }

    private void NoteWhereDuplicate(DirectoryHandle parent, byte[] name, TarEntry entry)
    {
        if (!_state.Applied.Add(parent.Inode, name))
        {
            _remarks.Add(
                LayerRemarkKind.Duplicate,
                entry.DisplayName,
                $"'{Excerpt.Of(entry.DisplayName)}' occurs more than once in a layer; the last one counts.");
        }
    }

    private void CreateDirectory(TarEntry entry, DirectoryHandle parent, byte[] name)
    {
        if (parent.TryGetStatus(name, out FileStatus status) && status.Type == FileStatus.Directory)
        {
            _state.Set(parent.Inode, status.Inode, NodeMetadata.Of(entry));
            return;
        }

        Remove(parent, name);
        parent.CreateDirectory(name);
        if (!parent.TryGetStatus(name, out status))
        {
            throw Refuse(entry, "the directory is gone as soon as it was made");
        }

        _state.AddMade(parent.Inode, status.Inode, NodeMetadata.Of(entry));
    }

    private void CreateHardLink(TarEntry entry, DirectoryHandle parent, byte[] name, EntryPath target)
    {
        if (target.IsRoot)
        {
            throw Refuse(entry, "a hard link needs a file as its target");
        }

        int error = _walker.TryOpen(target.Parent, out DirectoryHandle? targetParent);
        using (targetParent)
        {
            FileStatus status = default;
            if (error != 0 || !targetParent!.TryGetStatus(target.Name, out status))
            {
                if (error == 0 && _skipped.Contains((targetParent!.Inode, new ByteString(target.Name))))
                {
                    SkipLink(entry, parent, name);
                    return;
                }

                throw Refuse(entry, $"the target '{Show(entry.LinkName)}' of the hard link is missing");
            }

            if (status.Type == FileStatus.Directory)
            {
                throw Refuse(entry, $"the target '{Show(entry.LinkName)}' of the hard link is a directory");
            }

            // Unlinking first would lose a file that is linked to itself.
            if (targetParent.Inode == parent.Inode && target.Name.AsSpan().SequenceEqual(name))
            {
                _remarks.Add(
                    LayerRemarkKind.Tolerated,
                    entry.DisplayName,
                    $"'{Excerpt.Of(entry.DisplayName)}' is a hard link to itself.");
                return;
            }

            Remove(parent, name);
            error = parent.TryCreateHardLink(name, targetParent, target.Name);
            if (error != 0)
            {
                throw LinuxError.Of(error, "Linking", entry.Name.Span);
            }

            if (status.Type == FileStatus.SymbolicLink)
            {
                _parents.Invalidate();
            }
        }
    }

    // A name of a device that was skipped is skipped as well, and for the next one it is the device.
    private void SkipLink(TarEntry entry, DirectoryHandle parent, byte[] name)
    {
        Remove(parent, name);
        _skipped.Add((parent.Inode, new ByteString(name)));
        _remarks.Add(
            LayerRemarkKind.Device,
            entry.DisplayName,
            $"The hard link '{Excerpt.Of(entry.DisplayName)}' leads to a device that was skipped, and was skipped too.");
    }

    private void CreateSymbolicLink(TarEntry entry, DirectoryHandle parent, byte[] name)
    {
        ReadOnlySpan<byte> target = entry.LinkName.Span;
        if (target.IsEmpty || target.Length > MaxLinkTarget || target.Contains((byte)0))
        {
            throw Refuse(entry, $"the target of a symbolic link has 1 to {MaxLinkTarget} bytes without NUL");
        }

        parent.CreateSymbolicLink(name, target);
        _parents.Invalidate();
    }

    private void Remove(DirectoryHandle parent, byte[] name)
    {
        if (_skipped.Count > 0)
        {
            _skipped.Remove((parent.Inode, new ByteString(name)));
        }

        if (TreeRemover.Remove(parent, name, _state.Forget))
        {
            _parents.Invalidate();
        }
    }

    private static string Show(ReadOnlyMemory<byte> name) => Excerpt.Of(Encoding.UTF8.GetString(name.Span));

    private static LayerException Refuse(TarEntry entry, string fault) => new(
        LayerErrorKind.Unsafe, $"The entry '{Excerpt.Of(entry.DisplayName)}' is refused: {fault}.", entry.DisplayName);
}
