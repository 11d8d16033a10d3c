using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Removes what lower layers have, and leaves what the current layer has made, whichever came first.</summary>
internal sealed class LowerContent(TreeState state)
{
    /// <summary>Removes a name of lower layers; returns whether anything changed.</summary>
    public bool Remove(DirectoryHandle directory, byte[] name)
    {
        if (!directory.TryGetStatus(name, out FileStatus status))
        {
            return false;
        }

        bool made = state.Applied.Contains(directory.Inode, name);
        if (status.Type != FileStatus.Directory)
        {
            return !made && TreeRemover.Remove(directory, name);
        }

        RemoveDirectory(directory, name, made);
        return true;
    }

    /// <summary>Removes everything of lower layers below a directory; returns whether anything is left.</summary>
    public bool Prune(DirectoryHandle directory)
    {
        bool left = false;
        foreach ((byte[] name, byte kind) in DirectoryListing.Read(directory))
        {
            bool made = state.Applied.Contains(directory.Inode, name);
            bool isDirectory = kind == DirectoryListing.DirectoryKind ||
                (kind == 0 && directory.TryGetStatus(name, out FileStatus status) && status.Type == FileStatus.Directory);
            if (isDirectory)
            {
                left |= RemoveDirectory(directory, name, made);
            }
            else if (made)
            {
                left = true;
            }
            else
            {
                TreeRemover.Remove(directory, name);
            }
        }

        return left;
    }

    // Returns whether the directory is still there. Depth is bounded by what the applier lets in.
    private bool RemoveDirectory(DirectoryHandle parent, byte[] name, bool made)
    {
        int error = parent.TryOpenDirectory(name, out DirectoryHandle? directory);
        if (error != 0)
        {
            throw LinuxError.Of(error, "Opening", name);
        }

        using (directory)
        {
            bool left = Prune(directory!);
            if (made)
            {
                return true;
            }

            if (left)
            {
                // The layer put something into it, so there is a directory, but the lower layers' one is gone.
                state.ResetToImplied(directory!.Inode);
                return true;
            }

            state.Forget(directory!.Inode);
        }

        error = parent.TryRemove(name, directory: true);
        return error == 0 ? false : throw LinuxError.Of(error, "Removing", name);
    }
}
