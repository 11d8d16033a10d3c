using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Removes what lower layers have, and leaves what the current layer has made, whichever came first.</summary>
/// <remarks>
/// A directory that was cleaned once holds only what the current layer made and is not walked again, so that many markers cost no
/// more than one.
/// </remarks>
internal sealed class LowerContent(TreeState state)
{
    /// <summary>Removes a name of lower layers; returns whether anything may have changed.</summary>
    public bool Remove(DirectoryHandle directory, byte[] name)
    {
        if (state.Clean.Contains(directory.Inode) || !directory.TryGetStatus(name, out FileStatus status))
        {
            return false;
        }

        bool made = state.Applied.Contains(directory.Inode, name);
        if (status.Type != FileStatus.Directory)
        {
            return !made && TreeRemover.Remove(directory, name);
        }

        if (!state.Clean.Contains(status.Inode))
        {
            using var cursor = new DirectoryCursor(directory);
            cursor.Enter(name);
            Prune(cursor);
        }

        RemoveEmptied(directory, name, status.Inode, made);
        return true;
    }

    /// <summary>Removes everything of lower layers below a directory; returns whether anything may have changed.</summary>
    public bool Prune(DirectoryHandle directory)
    {
        if (state.Clean.Contains(directory.Inode))
        {
            return false;
        }

        using var cursor = new DirectoryCursor(directory);
        Prune(cursor);
        return true;
    }

    private void Prune(DirectoryCursor cursor)
    {
        int top = cursor.Depth;
        var pending = new Stack<Queue<byte[]>>();
        pending.Push(PruneFiles(cursor.Current));
        while (true)
        {
            if (pending.Peek().TryDequeue(out byte[]? name))
            {
                cursor.Enter(name);
                pending.Push(PruneFiles(cursor.Current));
                continue;
            }

            pending.Pop();
            state.Clean.Add(cursor.Current.Inode);
            if (cursor.Depth == top)
            {
                return;
            }

            byte[] left = cursor.Name;
            ulong inode = cursor.Current.Inode;
            cursor.Leave();
            RemoveEmptied(cursor.Current, left, inode, state.Applied.Contains(cursor.Current.Inode, left));
        }
    }

    // Returns the directories that are to be walked.
    private Queue<byte[]> PruneFiles(DirectoryHandle directory)
    {
        var directories = new Queue<byte[]>();
        foreach ((byte[] name, byte kind) in DirectoryListing.Read(directory))
        {
            bool made = state.Applied.Contains(directory.Inode, name);
            FileStatus status = default;
            bool isDirectory = kind is DirectoryListing.DirectoryKind or 0 &&
                directory.TryGetStatus(name, out status) && status.Type == FileStatus.Directory;
            if (!isDirectory)
            {
                if (!made)
                {
                    TreeRemover.Remove(directory, name);
                }
            }
            else if (state.Clean.Contains(status.Inode))
            {
                RemoveEmptied(directory, name, status.Inode, made);
            }
            else
            {
                directories.Enqueue(name);
            }
        }

        return directories;
    }

    private void RemoveEmptied(DirectoryHandle parent, byte[] name, ulong inode, bool made)
    {
        if (made)
        {
            return;
        }

        // What the layer put there may have been skipped; there is a directory for it even so.
        int error = state.Applied.HasAny(inode) ? LinuxError.NotEmpty : parent.TryRemove(name, directory: true);
        switch (error)
        {
            case 0:
                state.Forget(inode);
                break;
            case LinuxError.NotEmpty or LinuxError.Exists:
                // The layer put something into it, so there is a directory, but the lower layers' one is gone.
                state.ResetToImplied(inode);
                break;
            default:
                throw LinuxError.Of(error, "Removing", name);
        }
    }
}
