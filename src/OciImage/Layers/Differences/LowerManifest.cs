using System.Security.Cryptography;

namespace OciImage.Layers;

/// <summary>A lower tree of which only the description is left.</summary>
internal sealed class LowerManifest(TreeManifest manifest) : ILowerTree
{
    private readonly Stack<TreeNode> _directories = manifest.Root is null ? new() : new([manifest.Root]);

    public TreeNode? Root => manifest.Root;

    public IReadOnlyList<TreeNode> List() => _directories.Peek().Children;

    public void Enter(TreeNode directory) => _directories.Push(directory);

    public void Leave() => _directories.Pop();

    public bool HasXattrs(TreeNode lower, TreeNode upper)
    {
        if (lower.Xattrs.Count != upper.Xattrs.Count)
        {
            return false;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        for (int i = 0; i < lower.Xattrs.Count; i++)
        {
            SHA256.HashData(upper.Xattrs[i].Value.Span, hash);
            if (!lower.Xattrs[i].Name.Span.SequenceEqual(upper.Xattrs[i].Name.Span) ||
                !lower.Xattrs[i].Value.Span.SequenceEqual(hash))
            {
                return false;
            }
        }

        return true;
    }

    public async ValueTask<bool> HasContentAsync(
        TreeNode lower, TreeNode upper, Func<SourceFile> open, CancellationToken cancellationToken)
    {
        using SourceFile file = open();
        byte[] hash = await SHA256.HashDataAsync(file.Content, cancellationToken).ConfigureAwait(false);
        file.ThrowIfChanged();

        return hash.AsSpan().SequenceEqual(lower.ContentHash);
    }

    public void Dispose()
    {
    }
}
