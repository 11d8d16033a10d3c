using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Walks the finished tree and gives each directory its metadata after everything below it.</summary>
internal sealed class DirectoryFinisher(TreeState state, NodeMetadataWriter metadata)
{
    private static readonly byte[] Self = "."u8.ToArray();

    public void Run(DirectoryHandle root)
    {
        using var cursor = new DirectoryCursor(root);
        var pending = new Stack<Queue<byte[]>>();
        pending.Push(Directories(root));
        while (true)
        {
            if (pending.Peek().TryDequeue(out byte[]? name))
            {
                cursor.Enter(name);
                pending.Push(Directories(cursor.Current));
                continue;
            }

            pending.Pop();
            if (cursor.Depth == 0)
            {
                metadata.Apply(root, Self, Find(root.Inode), isLink: false);
                return;
            }

            // Left first: once it has its mode, a directory may not let us out again.
            byte[] left = cursor.Name;
            ulong inode = cursor.Current.Inode;
            cursor.Leave();
            metadata.Apply(cursor.Current, left, Find(inode), isLink: false);
        }
    }

    private static Queue<byte[]> Directories(DirectoryHandle directory)
    {
        var names = new Queue<byte[]>();
        foreach ((byte[] name, byte kind) in DirectoryListing.Read(directory))
        {
            if (kind == DirectoryListing.DirectoryKind ||
                (kind == 0 && directory.TryGetStatus(name, out FileStatus status) && status.Type == FileStatus.Directory))
            {
                names.Enqueue(name);
            }
        }

        return names;
    }

    private NodeMetadata Find(ulong inode) => state.Find(inode) ?? NodeMetadata.ImpliedDirectory;
}
