using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads where entries stand, and knows the layers of Windows images by what is in them.</summary>
/// <remarks>
/// A layer of a Windows image has its files below <c>Files/</c> and its part of the registry below <c>Hives/</c>, some of them also a
/// <c>UtilityVM/</c>, and records of the form <c>MSWINDOWS.*</c> in its extended headers (image-spec 1.1.1, layer.md, "Windows").
/// </remarks>
internal sealed class EntryNames(int maxDepth, WindowsLayerPolicy windows, LayerRemarks remarks)
{
    private bool _hasFiles;
    private bool _hasHives;

    public void BeginLayer() => (_hasFiles, _hasHives) = (false, false);

    /// <summary>Reads the paths of an entry; returns whether it belongs to the tree.</summary>
    /// <exception cref="LayerException">A name is unsafe, or the layer is that of a Windows image and these are refused.</exception>
    public bool TryRead(TarEntry entry, out EntryPath path, out EntryPath linkTarget)
    {
        linkTarget = default;
        path = EntryPath.Parse(entry.Name.Span, maxDepth);
        bool isLink = entry.Type == TarEntryType.HardLink;
        if (isLink)
        {
            linkTarget = EntryPath.Parse(entry.LinkName.Span, maxDepth);
        }

        if (windows == WindowsLayerPolicy.Refuse)
        {
            RefuseWindows(entry, path);
            return true;
        }

        if (windows == WindowsLayerPolicy.Verbatim)
        {
            return true;
        }

        if (IsFiles(path))
        {
            path = Below(path);
            if (path.IsRoot)
            {
                return true;
            }

            if (isLink && !IsFiles(linkTarget))
            {
                throw new LayerException(
                    LayerErrorKind.Unsafe,
                    $"The hard link '{Excerpt.Of(entry.DisplayName)}' leads out of the files of a Windows layer.",
                    entry.DisplayName);
            }

            linkTarget = isLink ? Below(linkTarget) : default;
            return true;
        }

        if (!path.IsRoot)
        {
            remarks.Add(
                LayerRemarkKind.Name,
                entry.DisplayName,
                $"'{Excerpt.Of(entry.DisplayName)}' is none of the files of a Windows layer, and was left out.");
        }

        return false;
    }

    private void RefuseWindows(TarEntry entry, EntryPath path)
    {
        ReadOnlySpan<byte> first = First(path);
        _hasFiles |= first.SequenceEqual("Files"u8);
        _hasHives |= first.SequenceEqual("Hives"u8);
        if ((_hasFiles && _hasHives) || entry.HasWindowsRecords)
        {
            throw new LayerException(
                LayerErrorKind.Unsupported,
                "The layer is that of a Windows image (it has 'Files' and 'Hives', or records of Windows); only its files can be taken, by choice.",
                entry.DisplayName);
        }
    }

    private static bool IsFiles(EntryPath path) => First(path).SequenceEqual("Files"u8);

    private static ReadOnlySpan<byte> First(EntryPath path)
    {
        int slash = path.Parent.AsSpan().IndexOf((byte)'/');
        return path.Parent.Length == 0 ? path.Name : slash < 0 ? path.Parent : path.Parent.AsSpan(0, slash);
    }

    private static EntryPath Below(EntryPath path)
    {
        int slash = path.Parent.AsSpan().IndexOf((byte)'/');
        return path.Parent.Length == 0 ? new EntryPath([], []) :
            new EntryPath(slash < 0 ? [] : path.Parent[(slash + 1)..], path.Name);
    }
}
