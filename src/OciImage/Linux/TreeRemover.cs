namespace OciImage.Linux;

/// <summary>Removes trees by bytes and open directories; depth costs memory, not stack.</summary>
internal static class TreeRemover
{
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
        var path = new Stack<(DirectoryHandle Parent, byte[] Name, DirectoryHandle Self, Queue<byte[]> Directories)>();
        try
        {
            path.Push(Enter(parent, name));
            while (path.TryPeek(out var current))
            {
                if (current.Directories.TryDequeue(out byte[]? child))
                {
                    path.Push(Enter(current.Self, child));
                    continue;
                }

                path.Pop();
                ulong inode = current.Self.Inode;
                current.Self.Dispose();
                int error = current.Parent.TryRemove(current.Name, directory: true);
                if (error is not (0 or LinuxError.NotFound))
                {
                    throw LinuxError.Of(error, "Removing", current.Name);
                }

                removed?.Invoke(inode);
            }
        }
        finally
        {
            foreach (var open in path)
            {
                open.Self.Dispose();
            }
        }
    }

    // Files go at once; what is left are directories.
    private static (DirectoryHandle, byte[], DirectoryHandle, Queue<byte[]>) Enter(DirectoryHandle parent, byte[] name)
    {
        int error = parent.TryOpenDirectory(name, out DirectoryHandle? self);
        if (error != 0)
        {
            throw LinuxError.Of(error, "Opening", name);
        }

        var directories = new Queue<byte[]>();
        foreach ((byte[] child, _) in List(parent, name, self!))
        {
            int childError = self!.TryRemove(child, directory: false);
            if (childError == LinuxError.IsDirectory)
            {
                directories.Enqueue(child);
            }
            else if (childError is not (0 or LinuxError.NotFound))
            {
                self.Dispose();
                throw LinuxError.Of(childError, "Removing", child);
            }
        }

        return (parent, name, self!, directories);
    }

    private static List<(byte[] Name, byte Kind)> List(DirectoryHandle parent, byte[] name, DirectoryHandle self)
    {
        // Without root's privileges a directory must be writable before it can be emptied.
        if (Libc.GetEffectiveUserId() != 0)
        {
            parent.ChangeMode(name, 0x1C0);
        }

        return DirectoryListing.Read(self);
    }
}
