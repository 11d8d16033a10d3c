using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Writes each layer into a directory of its own, which an overlay shows as the merged tree.</summary>
/// <remarks>
/// The merged tree in memory decides where an entry stands: a link of a lower layer leads to another place than the name says, and a
/// directory that the layer has no entry for is a copy of the one below. Removed names become whiteouts when the layer is
/// complete, since a later entry may put something in their place.
/// </remarks>
internal sealed class OverlayWriter : IMergeListener, IDisposable
{
    private readonly UnpackOptions _options;
    private readonly LayerRemarks _remarks;
    private readonly OverlayAttributes _attributes;
    private readonly MergedTree _tree;
    private readonly EntryNames _names;
    private readonly NodeMetadataWriter _metadata;
    private readonly RegularFileWriter _files;
    private readonly DeviceWriter _devices;
    private readonly HashSet<MergedNode> _skipped = [];
    private readonly HashSet<MergedDirectory> _opaque = [];
    private readonly HashSet<(MergedDirectory Directory, ByteString Name)> _hidden = [];
    private OverlayLayer? _layer;

    public OverlayWriter(UnpackOptions options, OverlayAttributes attributes, LayerRemarks remarks)
    {
        _options = options;
        _remarks = remarks;
        _attributes = attributes;
        _tree = new MergedTree(options.MaxDepth, remarks, this);
        _names = new EntryNames(options.MaxDepth, options.WindowsLayers, remarks);
        var xattrs = new XattrRules(options.AllowedXattrs) { OverlayPrefix = attributes.Prefix };
        _metadata = new NodeMetadataWriter(new OwnerRules(options), xattrs, remarks);
        _files = new RegularFileWriter(options.MaxBytes, _metadata);
        _devices = new DeviceWriter(options.Devices, remarks) { ForOverlay = true };
    }

    public long Entries { get; private set; }

    public long Bytes => _files.BytesWritten;

    /// <summary>Starts a layer in an empty directory, which belongs to the writer from now on.</summary>
    public void BeginLayer(DirectoryHandle directory)
    {
        _tree.BeginLayer();
        _names.BeginLayer();
        _opaque.Clear();
        _hidden.Clear();
        _layer?.Dispose();
        _layer = new OverlayLayer(directory, _tree.Root);
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

        MergeResult result = _tree.Apply(entry, path, linkTarget);
        if (result is not { Parent: { } parent, Node: { } node })
        {
            return;
        }

        if (node is MergedDirectory directory)
        {
            _layer!.Open(directory);
            return;
        }

        if (result.Link is { } link)
        {
            Link(entry, parent, result.Name, node, link);
            return;
        }

        DirectoryHandle open = _layer!.Open(parent);
        switch (entry.Type)
        {
            case TarEntryType.RegularFile:
                await _files.WriteAsync(reader, entry, open, result.Name, cancellationToken).ConfigureAwait(false);
                return;
            case TarEntryType.SymbolicLink:
                open.CreateSymbolicLink(result.Name, node.LinkTarget);
                break;
            default:
                if (_devices.Write(entry, open, result.Name) is not DeviceOutcome.Made and var outcome)
                {
                    if (outcome == DeviceOutcome.Skipped)
                    {
                        _skipped.Add(node);
                    }

                    return;
                }

                break;
        }

        _metadata.Apply(open, result.Name, node.Metadata, entry.Type == TarEntryType.SymbolicLink);
    }

    /// <summary>Ends a layer: what hides something gets its mark, and directories get their metadata, the deepest first.</summary>
    public void EndLayer()
    {
        var whiteouts = new List<(MergedDirectory Directory, byte[] Name)>();
        foreach ((MergedDirectory directory, ByteString name) in _hidden)
        {
            if (!ShowsLower(directory))
            {
                continue;
            }

            switch (directory.Find(name.Bytes)?.Node)
            {
                case null:
                    whiteouts.Add((directory, name.Bytes));
                    break;
                case MergedDirectory other:
                    _opaque.Add(other);
                    break;
            }
        }

        foreach (MergedDirectory directory in _opaque.Where(IsAttached))
        {
            _attributes.MarkOpaque(_layer!.Open(directory));
        }

        var marked = new HashSet<MergedDirectory>();
        foreach ((MergedDirectory directory, byte[] name) in whiteouts)
        {
            DirectoryHandle open = _layer!.Open(directory);
            if (_attributes.AddWhiteout(open, name) && marked.Add(directory))
            {
                _attributes.MarkWhiteouts(open);
            }
        }

        foreach (MergedDirectory directory in _layer!.DeepestFirst)
        {
            DirectoryHandle above = _layer.Open(directory.Parent ?? directory);
            _metadata.Apply(above, directory.Parent is null ? [(byte)'.'] : directory.Name, directory.Metadata, isLink: false);
        }
    }

    public void Removed(MergedDirectory parent, byte[] name, MergedSlot slot)
    {
        _layer!.Remove(parent, name, slot.Node);
        if (slot.Since < _tree.Layer)
        {
            _hidden.Add((parent, new ByteString(name)));
        }
    }

    public void Cleaned(MergedDirectory directory)
    {
        if (directory.Parent is not null)
        {
            _opaque.Add(directory);
            return;
        }

        // The kernel does not look for the mark on the root of a layer: what is gone there is whited out by name, and what stays is new.
        foreach ((_, MergedSlot slot) in directory.Slots)
        {
            if (slot.Node is MergedDirectory below)
            {
                _opaque.Add(below);
            }
        }
    }

    public void Dispose()
    {
        _layer?.Dispose();
        _files.Dispose();
    }

    private void Link(TarEntry entry, MergedDirectory parent, byte[] name, MergedNode node, MergedLink link)
    {
        if (link.Since < _tree.Layer)
        {
            throw new LayerException(
                LayerErrorKind.Unsupported,
                $"The hard link '{Excerpt.Of(entry.DisplayName)}' leads to a lower layer, which directories of their own cannot show.",
                entry.DisplayName);
        }

        if (_skipped.Contains(node))
        {
            _remarks.Add(
                LayerRemarkKind.Device,
                entry.DisplayName,
                $"The hard link '{Excerpt.Of(entry.DisplayName)}' leads to a device that was skipped, and was skipped too.");
            return;
        }

        // Both handles are of this layer; the one that is opened first must stay while the other is.
        using DirectoryHandle target = _layer!.Open(link.Parent).Duplicate();
        int error = _layer.Open(parent).TryCreateHardLink(name, target, link.Name);
        if (error != 0)
        {
            throw LinuxError.Of(error, "Linking", entry.Name.Span);
        }
    }

    // A directory that is new, opaque, or below one that is, has nothing of lower layers to hide.
    private bool ShowsLower(MergedDirectory directory)
    {
        for (MergedDirectory current = directory; ; current = current.Parent)
        {
            if (_opaque.Contains(current))
            {
                return false;
            }

            if (current.Parent is null)
            {
                return true;
            }

            if (current.Parent.Find(current.Name) is not { } slot || slot.Node != current || slot.Since == _tree.Layer)
            {
                return false;
            }
        }
    }

    private static bool IsAttached(MergedDirectory directory)
    {
        for (MergedDirectory current = directory; current.Parent is not null; current = current.Parent)
        {
            if (current.Parent.Find(current.Name)?.Node != current)
            {
                return false;
            }
        }

        return true;
    }
}
