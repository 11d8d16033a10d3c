using System.Text;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Finds directories of a merged tree: links are resolved as if the root were the only file system there is.</summary>
internal sealed class MergedResolver(MergedDirectory root, Func<MergedDirectory, byte[], MergedDirectory> make)
{
    private const int MaxLinks = 40;

    /// <summary>Finds a directory, or nothing where there is none.</summary>
    /// <exception cref="LayerException">There are too many links on the way.</exception>
    public MergedDirectory? Find(byte[] path) => Walk(path, remove: null);

    /// <summary>Finds a directory and makes what is missing on the way; what is in the way and no directory goes.</summary>
    /// <exception cref="LayerException">There are too many links on the way, or a directory would stand too deep.</exception>
    public MergedDirectory FindOrMake(byte[] path, Action<MergedDirectory, byte[]> remove) => Walk(path, remove)!;

    /// <summary>Finds what has a path; a link at its end is followed where that is wanted.</summary>
    /// <returns>The directory and the name in it, or nothing where a directory on the way is missing; the root has no name.</returns>
    /// <exception cref="LayerException">There are too many links on the way.</exception>
    public (MergedDirectory Directory, byte[] Name)? FindPlace(byte[] path, bool followLast)
    {
        var left = new Stack<byte[]>();
        Push(left, path);
        MergedDirectory current = root;
        for (int links = 0; left.TryPop(out byte[]? name);)
        {
            if (name.AsSpan().SequenceEqual(".."u8))
            {
                current = current.Parent ?? root;
                continue;
            }

            MergedNode? next = current.Find(name)?.Node;
            if (next is { Type: TarEntryType.SymbolicLink } && (left.Count > 0 || followLast))
            {
                current = Follow(left, next, current, ref links, path);
            }
            else if (next is MergedDirectory directory)
            {
                current = directory;
            }
            else
            {
                return left.Count == 0 ? (current, name) : null;
            }
        }

        return current.Parent is null ? (root, []) : (current.Parent, current.Name);
    }

    /// <summary>Tells whether a target leads nowhere above the root, and over no absolute link, when it is followed as it is.</summary>
    public static bool StaysInside(MergedDirectory start, byte[] target)
    {
        var left = new Stack<byte[]>();
        MergedDirectory? current = start;
        if (target is [(byte)'/', ..])
        {
            return false;
        }

        Push(left, target);
        for (int links = 0; left.TryPop(out byte[]? name);)
        {
            bool isUp = name.AsSpan().SequenceEqual(".."u8);
            if (current is null)
            {
                // Below what is missing nobody knows where ".." would lead.
                if (isUp)
                {
                    return false;
                }

                continue;
            }

            if (isUp)
            {
                if (current.Parent is null)
                {
                    return false;
                }

                current = current.Parent;
                continue;
            }

            MergedNode? next = current.Find(name)?.Node;
            if (next is { Type: TarEntryType.SymbolicLink })
            {
                if (next.LinkTarget is [(byte)'/', ..] || ++links > MaxLinks)
                {
                    return false;
                }

                Push(left, next.LinkTarget);
                continue;
            }

            current = next as MergedDirectory;
        }

        return true;
    }

    private MergedDirectory? Walk(byte[] path, Action<MergedDirectory, byte[]>? remove)
    {
        var left = new Stack<byte[]>();
        Push(left, path);
        MergedDirectory current = root;
        for (int links = 0; left.TryPop(out byte[]? name);)
        {
            if (name.AsSpan().SequenceEqual(".."u8))
            {
                current = current.Parent ?? root;
                continue;
            }

            if (name.Length > 255)
            {
                throw Unsafe(path, "leads over a name of more than 255 bytes");
            }

            MergedNode? next = current.Find(name)?.Node;
            switch (next)
            {
                case MergedDirectory directory:
                    current = directory;
                    break;
                case { Type: TarEntryType.SymbolicLink }:
                    current = Follow(left, next, current, ref links, path);
                    break;
                default:
                    if (remove is null)
                    {
                        return null;
                    }

                    remove(current, name);
                    current = make(current, name);
                    break;
            }
        }

        return current;
    }

    private MergedDirectory Follow(Stack<byte[]> left, MergedNode link, MergedDirectory current, ref int links, byte[] path)
    {
        if (++links > MaxLinks)
        {
            throw Unsafe(path, $"leads over more than {MaxLinks} links");
        }

        Push(left, link.LinkTarget);
        return link.LinkTarget is [(byte)'/', ..] ? root : current;
    }

    private static void Push(Stack<byte[]> left, ReadOnlySpan<byte> path)
    {
        int end = path.Length;
        for (int i = path.Length - 1; i >= -1; i--)
        {
            if (i >= 0 && path[i] != '/')
            {
                continue;
            }

            ReadOnlySpan<byte> name = path[(i + 1)..end];
            if (!name.IsEmpty && !name.SequenceEqual("."u8))
            {
                left.Push(name.ToArray());
            }

            end = i;
        }
    }

    private static LayerException Unsafe(byte[] path, string fault)
    {
        string text = Excerpt.Of(Encoding.UTF8.GetString(path));
        return new LayerException(LayerErrorKind.Unsafe, $"The path '{text}' {fault}.", text);
    }
}
