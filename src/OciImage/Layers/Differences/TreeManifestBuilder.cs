using System.Security.Cryptography;
using System.Text;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Makes a manifest of a tree on disk.</summary>
internal sealed class TreeManifestBuilder(DirectoryWalk walk)
{
    private readonly Dictionary<(ulong, ulong), (byte[] Hash, int Names)> _files = [];
    private long _entries;

    public async ValueTask<TreeManifest> BuildAsync(CancellationToken cancellationToken)
    {
        var pending = new Stack<(TreeNode Directory, int Next)>();
        TreeNode root = await DescribeAsync(walk.Root, cancellationToken).ConfigureAwait(false);
        await AddChildrenAsync(root, cancellationToken).ConfigureAwait(false);
        pending.Push((root, 0));
        while (pending.TryPop(out (TreeNode Directory, int Next) level))
        {
            int next = level.Directory.Children.FindIndex(level.Next, child => child.Type == TarEntryType.Directory);
            if (next >= 0)
            {
                TreeNode child = level.Directory.Children[next];
                pending.Push((level.Directory, next + 1));
                walk.Enter(child.Name);
                await AddChildrenAsync(child, cancellationToken).ConfigureAwait(false);
                pending.Push((child, 0));
            }
            else if (pending.Count > 0)
            {
                walk.Leave();
            }
        }

        return new TreeManifest(TreeManifestLinks.Number(root, identity => _files[identity].Names > 1), _entries);
    }

    private async ValueTask AddChildrenAsync(TreeNode directory, CancellationToken cancellationToken)
    {
        foreach (TreeNode child in walk.List())
        {
            byte[] path = LayerTree.Join(walk.CurrentPath, child.Name);
            if (path.Length > TreeManifestLine.MaxPath)
            {
                string text = Encoding.UTF8.GetString(path);
                throw new LayerException(
                    LayerErrorKind.LimitExceeded, $"The path '{Excerpt.Of(text)}' has more than {TreeManifestLine.MaxPath} bytes.", text);
            }

            directory.Children.Add(await DescribeAsync(child, cancellationToken).ConfigureAwait(false));
        }
    }

    private async ValueTask<TreeNode> DescribeAsync(TreeNode node, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _entries++;
        byte[] hash = [];
        if (node.Type != TarEntryType.Directory && node.MayHaveMoreNames)
        {
            bool isKnown = _files.TryGetValue(node.Identity, out (byte[] Hash, int Names) known);
            hash = isKnown ? known.Hash : await HashAsync(node, cancellationToken).ConfigureAwait(false);
            _files[node.Identity] = (hash, known.Names + 1);
        }
        else if (node.Type != TarEntryType.Directory)
        {
            hash = await HashAsync(node, cancellationToken).ConfigureAwait(false);
        }

        return node.AsRecorded(
            [.. node.Xattrs.Select(xattr => new TarXattr(xattr.Name, SHA256.HashData(xattr.Value.Span)))], hash);
    }

    private async ValueTask<byte[]> HashAsync(TreeNode node, CancellationToken cancellationToken)
    {
        if (node.Type != TarEntryType.RegularFile)
        {
            return [];
        }

        using SourceFile file = walk.Open(node);
        byte[] hash = await SHA256.HashDataAsync(file.Content, cancellationToken).ConfigureAwait(false);
        file.ThrowIfChanged();

        return hash;
    }
}
