using System.Buffers;

namespace OciImage.Layers;

/// <summary>A lower tree on disk.</summary>
internal sealed class LowerDirectory(string path) : ILowerTree
{
    private const int BufferSize = 128 * 1024;

    private readonly DirectoryWalk _walk = new(path);

    public TreeNode Root => _walk.Root;

    public IReadOnlyList<TreeNode> List() => _walk.List();

    public void Enter(TreeNode directory) => _walk.Enter(directory.Name);

    public void Leave() => _walk.Leave();

    public bool HasXattrs(TreeNode lower, TreeNode upper)
    {
        for (int i = 0; i < lower.Xattrs.Count && i < upper.Xattrs.Count; i++)
        {
            if (!lower.Xattrs[i].Name.Span.SequenceEqual(upper.Xattrs[i].Name.Span) ||
                !lower.Xattrs[i].Value.Span.SequenceEqual(upper.Xattrs[i].Value.Span))
            {
                return false;
            }
        }

        return lower.Xattrs.Count == upper.Xattrs.Count;
    }

    public async ValueTask<bool> HasContentAsync(
        TreeNode lower, TreeNode upper, Func<SourceFile> open, CancellationToken cancellationToken)
    {
        // Snapshots that are made of hard links share what is unchanged.
        if (lower.Identity == upper.Identity)
        {
            return true;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * BufferSize);
        try
        {
            using SourceFile one = _walk.Open(lower);
            using SourceFile two = open();
            Memory<byte> left = buffer.AsMemory(0, BufferSize);
            Memory<byte> right = buffer.AsMemory(BufferSize, BufferSize);
            while (true)
            {
                int count = await one.Content.ReadAtLeastAsync(left, BufferSize, false, cancellationToken).ConfigureAwait(false);
                int other = await two.Content.ReadAtLeastAsync(right, BufferSize, false, cancellationToken).ConfigureAwait(false);
                if (!left.Span[..count].SequenceEqual(right.Span[..other]))
                {
                    return false;
                }

                if (count < BufferSize)
                {
                    one.ThrowIfChanged();
                    two.ThrowIfChanged();
                    return true;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => _walk.Dispose();
}
