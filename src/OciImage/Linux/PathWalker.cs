namespace OciImage.Linux;

/// <summary>Finds directories inside a root: links are resolved as if the root were the only file system there is.</summary>
/// <remarks>
/// The kernel does it with openat2 and RESOLVE_IN_ROOT. Where that call is missing, or where directories on the way are to be made,
/// the path is walked a component at a time with the same result.
/// </remarks>
internal sealed unsafe class PathWalker(DirectoryHandle root, bool useOpenAt2)
{
    private const int MaxLinks = 40;
    private const int MaxRaces = 32;

    /// <summary>Gets whether the kernel has openat2 and lets this process use it.</summary>
    public static bool HasOpenAt2 { get; } = ProbeOpenAt2();

    /// <summary>Opens a directory; returns the error, or 0.</summary>
    public int TryOpen(ReadOnlySpan<byte> path, out DirectoryHandle? directory)
    {
        directory = null;
        if (!useOpenAt2)
        {
            return Walk(path, create: false, null, out directory);
        }

        byte[] terminated = [.. path.IsEmpty ? "."u8 : path, 0];
        OpenHow how = new()
        {
            Flags = (ulong)(Libc.PathOnly | Libc.DirectoryOnly | Libc.CloseOnExec),
            Resolve = Libc.ResolveInRoot | Libc.ResolveNoMagicLinks,
        };
        for (int attempt = 0; attempt < MaxRaces; attempt++)
        {
            long descriptor = Open(terminated, &how);
            if (descriptor >= 0)
            {
                directory = DirectoryHandle.FromDescriptor((int)descriptor);
                return 0;
            }

            // A rename elsewhere on the system makes the kernel unsure about "..", to be asked again.
            if (Libc.LastError is not (LinuxError.Again or LinuxError.Interrupted))
            {
                return Libc.LastError;
            }
        }

        return Walk(path, create: false, null, out directory);
    }

    /// <summary>Opens a directory and makes what is missing on the way; what is in the way and no directory is replaced by one.</summary>
    /// <param name="path">The path inside the root.</param>
    /// <param name="made">Told the inodes of each directory that was made and of the one it was made in.</param>
    /// <param name="removed">Asked to remove a name that is in the way.</param>
    public DirectoryHandle OpenOrCreate(
        ReadOnlySpan<byte> path, Action<ulong, ulong> made, Action<DirectoryHandle, byte[]> removed)
    {
        int error = TryOpen(path, out DirectoryHandle? directory);
        if (error is LinuxError.NotFound or LinuxError.NotDirectory)
        {
            error = Walk(path, create: true, (made, removed), out directory);
        }

        return error == 0 ? directory! : throw LinuxError.Of(error, "Resolving", path);
    }

    private long Open(byte[] path, OpenHow* how)
    {
        fixed (byte* name = path)
        {
            return Libc.OpenAt2(root.Descriptor, name, how);
        }
    }

    private int Walk(
        ReadOnlySpan<byte> path,
        bool create,
        (Action<ulong, ulong> Made, Action<DirectoryHandle, byte[]> Removed)? events,
        out DirectoryHandle? directory)
    {
        directory = null;
        var left = new Stack<byte[]>();
        Push(left, path);
        var way = new List<DirectoryHandle> { root.Duplicate() };
        int links = 0;
        try
        {
            while (left.TryPop(out byte[]? name))
            {
                if (name.AsSpan().SequenceEqual(".."u8))
                {
                    Ascend(way);
                    continue;
                }

                if (name.Length > 255)
                {
                    return LinuxError.NameTooLong;
                }

                DirectoryHandle current = way[^1];
                if (current.TryGetStatus(name, out FileStatus status) && status.Type == FileStatus.SymbolicLink)
                {
                    if (++links > MaxLinks)
                    {
                        return LinuxError.Loop;
                    }

                    byte[] target = current.ReadLink(name);
                    if (target is [(byte)'/', ..])
                    {
                        while (way.Count > 1)
                        {
                            Ascend(way);
                        }
                    }

                    Push(left, target);
                    continue;
                }

                int error = current.TryOpenDirectory(name, out DirectoryHandle? next);
                if (error is LinuxError.NotFound or LinuxError.NotDirectory && create)
                {
                    if (error == LinuxError.NotDirectory)
                    {
                        events!.Value.Removed(current, name);
                    }

                    current.CreateDirectory(name);
                    error = current.TryOpenDirectory(name, out next);
                    if (error == 0)
                    {
                        events!.Value.Made(current.Inode, next!.Inode);
                    }
                }

                if (error != 0)
                {
                    return error;
                }

                way.Add(next!);
            }

            directory = way[^1];
            way.RemoveAt(way.Count - 1);
            return 0;
        }
        finally
        {
            way.ForEach(open => open.Dispose());
        }
    }

    private static void Ascend(List<DirectoryHandle> way)
    {
        // Above the root there is nothing, as in a chroot.
        if (way.Count > 1)
        {
            way[^1].Dispose();
            way.RemoveAt(way.Count - 1);
        }
    }

    private static void Push(Stack<byte[]> left, ReadOnlySpan<byte> path)
    {
        var names = new List<byte[]>();
        foreach (Range range in path.Split((byte)'/'))
        {
            ReadOnlySpan<byte> name = path[range];
            if (!name.IsEmpty && !name.SequenceEqual("."u8))
            {
                names.Add(name.ToArray());
            }
        }

        for (int i = names.Count - 1; i >= 0; i--)
        {
            left.Push(names[i]);
        }
    }

    private static bool ProbeOpenAt2()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        using DirectoryHandle root = DirectoryHandle.OpenPath("/");
        if (new PathWalker(root, useOpenAt2: true).TryOpen("."u8, out DirectoryHandle? self) != 0)
        {
            return false;
        }

        self!.Dispose();
        return true;
    }
}
