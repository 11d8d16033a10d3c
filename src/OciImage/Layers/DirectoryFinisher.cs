using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Walks the finished tree and gives each directory its metadata after everything below it.</summary>
internal sealed class DirectoryFinisher(TreeState state, NodeMetadataWriter metadata)
{
    private static readonly byte[] Self = "."u8.ToArray();

    public void Run(DirectoryHandle root)
    {
        FinishChildren(root);
        metadata.Apply(root, Self, state.Find(root.Inode) ?? NodeMetadata.ImpliedDirectory, isLink: false);
    }

    private void FinishChildren(DirectoryHandle directory)
    {
        foreach ((byte[] name, byte kind) in DirectoryListing.Read(directory))
        {
            bool isDirectory = kind == DirectoryListing.DirectoryKind ||
                (kind == 0 && directory.TryGetStatus(name, out FileStatus status) && status.Type == FileStatus.Directory);
            if (!isDirectory)
            {
                continue;
            }

            int error = directory.TryOpenDirectory(name, out DirectoryHandle? child);
            if (error != 0)
            {
                throw LinuxError.Of(error, "Opening", name);
            }

            using (child)
            {
                FinishChildren(child!);
                metadata.Apply(
                    directory, name, state.Find(child!.Inode) ?? NodeMetadata.ImpliedDirectory, isLink: false);
            }
        }
    }
}
