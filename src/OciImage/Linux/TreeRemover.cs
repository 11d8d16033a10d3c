namespace OciImage.Linux;

/// <summary>Removes trees by bytes and open directories; depth costs memory, neither stack nor handles.</summary>
internal static class TreeRemover
{
    private const int OwnerAll = 0x1C0;

    /// <summary>Removes a name and, where it is a directory, all below it.</summary>
    /// <param name="parent">The directory that has the name.</param>
    /// <param name="name">The name.</param>
    /// <param name="removed">Told the inode of each directory that is gone, or <see langword="null"/>.</param>
    /// <returns>Whether there was anything of that name.</returns>
    public static bool Remove(DirectoryHandle parent, ReadOnlySpan<byte> name, Action<ulong>? removed = null)
    {
        int error = parent.TryRemove(name, directory: false);
        if (error is 0 or LinuxError.NotFound)
        {
            return error == 0;
        }

        if (error != LinuxError.IsDirectory)
        {
            throw LinuxError.Of(error, "Removing", name);
        }

        RemoveDirectory(parent, name.ToArray(), removed);
        return true;
    }

    private static void RemoveDirectory(DirectoryHandle parent, byte[] name, Action<ulong>? removed)
    {
        using var cursor = new DirectoryCursor(parent);
        var pending = new Stack<Queue<byte[]>>();
        pending.Push(Enter(cursor, name));
        while (pending.TryPeek(out Queue<byte[]>? directories))
        {
            if (directories.TryDequeue(out byte[]? child))
            {
                pending.Push(Enter(cursor, child));
                continue;
            }

            pending.Pop();
            byte[] emptied = cursor.Name;
            ulong inode = cursor.Current.Inode;
            cursor.Leave();
            int error = cursor.Current.TryRemove(emptied, directory: true);
            if (error is not (0 or LinuxError.NotFound))
            {
                throw LinuxError.Of(error, "Removing", emptied);
            }

            removed?.Invoke(inode);
        }
    }

    // Files go at once; what is left are directories.
    private static Queue<byte[]> Enter(DirectoryCursor cursor, byte[] name)
    {
        // Without root's privileges a directory must be writable before it can be emptied, and searchable to be left again.
        if (cursor.Current.TryGetStatus(name, out FileStatus status) && (status.Permissions & OwnerAll) != OwnerAll)
        {
            cursor.Current.ChangeMode(name, OwnerAll);
        }

        cursor.Enter(name);
        var directories = new Queue<byte[]>();
        foreach ((byte[] child, _) in DirectoryListing.Read(cursor.Current))
        {
            int error = cursor.Current.TryRemove(child, directory: false);
            if (error == LinuxError.IsDirectory)
            {
                directories.Enqueue(child);
            }
            else if (error is not (0 or LinuxError.NotFound))
            {
                throw LinuxError.Of(error, "Removing", child);
            }
        }

        return directories;
    }
}
