using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Opens files that stand where others may have put something else: links, pipes and directories are refused.</summary>
internal static unsafe class BlobFile
{
    private const int NoDeviceError = 6;

    private static ReadOnlySpan<byte> Nothing => "\0"u8;

    /// <summary>Opens a regular file for reading, without following a link and without waiting for a pipe's writer.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="isOther">Whether something else stands there.</param>
    /// <returns>The handle, or <see langword="null"/> where there is no regular file of that name.</returns>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static SafeFileHandle? TryOpen(string path, out bool isOther)
    {
        if (Libc.IsSupported)
        {
            return TryOpenOnLinux(path, Libc.ReadOnly, out isOther);
        }

        var file = new FileInfo(path);
        isOther = Directory.Exists(path) || file.LinkTarget is not null;

        return file.Exists && !isOther
            ? File.OpenHandle(path, share: FileShare.Read | FileShare.Delete)
            : null;
    }

    /// <summary>Opens a regular file as <see cref="TryOpen"/> does, with the access that the flags of the system say.</summary>
    public static SafeFileHandle? TryOpenOnLinux(string path, int flags, out bool isOther)
    {
        isOther = false;
        int descriptor;
        fixed (byte* name = Terminated(path))
        {
            descriptor = Libc.OpenAt(
                Libc.AtCurrentDirectory, name, flags | Libc.NonBlock | Libc.CloseOnExec | Libc.NoFollow, 0x1B6);
        }

        if (descriptor < 0)
        {
            int error = Libc.LastError;
            isOther = error is LinuxError.Loop or LinuxError.IsDirectory or NoDeviceError;
            return isOther || error is LinuxError.NotFound or LinuxError.NotDirectory ? null : throw Failed(error, "Opening", path);
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Stat(handle).Type == FileStatus.RegularFile)
        {
            return handle;
        }

        handle.Dispose();
        isOther = true;
        return null;
    }

    /// <summary>Tells what an open file is.</summary>
    public static FileStatus Stat(SafeFileHandle handle)
    {
        FileStatus status;
        fixed (byte* nothing = Nothing)
        {
            return Libc.StatX((int)handle.DangerousGetHandle(), nothing, Libc.AtEmptyPath, Libc.StatBasic, &status) == 0
                ? status
                : throw Failed(Libc.LastError, "Asking for the status of", "an open file");
        }
    }

    /// <summary>Tells whether a name leads to the very file that is open, and not to one that took its place.</summary>
    public static bool IsNameOf(string path, SafeFileHandle handle)
    {
        FileStatus opened = Stat(handle);
        FileStatus named;
        fixed (byte* name = Terminated(path))
        {
            return Libc.StatX(Libc.AtCurrentDirectory, name, Libc.AtSymlinkNoFollow, Libc.StatBasic, &named) == 0 &&
                (named.Inode, named.FileSystemMajor, named.FileSystemMinor) ==
                (opened.Inode, opened.FileSystemMajor, opened.FileSystemMinor);
        }
    }

    /// <summary>Tries to lock an open file; the lock ends with its last handle, and so with the process.</summary>
    /// <returns><see langword="false"/> where another holder keeps it.</returns>
    /// <exception cref="IOException">The file system has no locks.</exception>
    public static bool TryLock(SafeFileHandle handle, int operation, string path)
    {
        if (Libc.Lock((int)handle.DangerousGetHandle(), operation | Libc.LockNoWait) == 0)
        {
            return true;
        }

        int error = Libc.LastError;
        return error == LinuxError.Again ? false : throw Failed(error, "Locking", path);
    }

    /// <summary>Flushes a directory, so that the names in it survive a power cut. Does nothing where that is not possible.</summary>
    /// <exception cref="IOException">The device failed.</exception>
    public static void FlushDirectory(string path)
    {
        if (!Libc.IsSupported)
        {
            return;
        }

        int descriptor;
        fixed (byte* name = Terminated(path))
        {
            descriptor = Libc.OpenAt(Libc.AtCurrentDirectory, name, Libc.DirectoryOnly | Libc.CloseOnExec, 0);
        }

        if (descriptor < 0)
        {
            int error = Libc.LastError;
            if (error is LinuxError.NotFound or LinuxError.AccessDenied)
            {
                return;
            }

            throw Failed(error, "Opening", path);
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        FlushOnLinux(handle, path);
    }

    /// <summary>Flushes a file.</summary>
    /// <remarks>The base library's FlushToDisk passes over a device that fails (EIO), and that is what must be told.</remarks>
    /// <exception cref="IOException">The device failed.</exception>
    public static void Flush(SafeFileHandle handle, string path)
    {
        if (Libc.IsSupported)
        {
            FlushOnLinux(handle, path);
        }
        else
        {
            RandomAccess.FlushToDisk(handle);
        }
    }

    /// <summary>Flushes everything on the file system that a file stands on.</summary>
    /// <exception cref="IOException">The device failed, now or since it was last asked.</exception>
    public static void FlushFileSystem(SafeFileHandle handle)
    {
        while (Libc.SyncFileSystem((int)handle.DangerousGetHandle()) != 0)
        {
            if (Libc.LastError is var error and not LinuxError.Interrupted)
            {
                throw Failed(error, "Flushing", "the file system");
            }
        }
    }

    /// <summary>Forgets what memory has of a file: after a flush that failed, memory and device may differ.</summary>
    public static void DropCache(SafeFileHandle handle)
    {
        if (Libc.IsSupported)
        {
            _ = Libc.Advise((int)handle.DangerousGetHandle(), 0, 0, Libc.AdviceDontNeed);
        }
    }

    /// <summary>Gives what stands under a name another one, unless that is taken. A link is moved and not followed.</summary>
    /// <returns>Whether it was moved; <see langword="false"/> where there is nothing.</returns>
    /// <exception cref="IOException">It cannot be moved.</exception>
    public static bool TryMove(string path, string target)
    {
        if (!Libc.IsSupported)
        {
            return TryMoveElsewhere(path, target);
        }

        fixed (byte* from = Terminated(path), to = Terminated(target))
        {
            if (Libc.RenameAt2(Libc.AtCurrentDirectory, from, Libc.AtCurrentDirectory, to, Libc.RenameNoReplace) == 0)
            {
                return true;
            }

            // Some file systems have no such flag; nobody else knows the random target.
            int error = Libc.LastError;
            if (error is LinuxError.Invalid or LinuxError.NoSystemCall &&
                Libc.RenameAt2(Libc.AtCurrentDirectory, from, Libc.AtCurrentDirectory, to, 0) == 0)
            {
                return true;
            }

            return error == LinuxError.NotFound ? false : throw Failed(error, "Moving", path);
        }
    }

    /// <summary>Says that a file, or a link itself, was changed now.</summary>
    public static void Touch(string path)
    {
        if (!Libc.IsSupported)
        {
            return;
        }

        fixed (byte* name = Terminated(path))
        {
            _ = Libc.SetTimesAt(Libc.AtCurrentDirectory, name, null, Libc.AtSymlinkNoFollow);
        }
    }

    /// <summary>Makes a second name for a regular file of ours, where the file system can.</summary>
    public static bool TryLink(string existing, string name)
    {
        if (!Libc.IsSupported)
        {
            return false;
        }

        fixed (byte* from = Terminated(existing), to = Terminated(name))
        {
            return Libc.LinkAt(Libc.AtCurrentDirectory, from, Libc.AtCurrentDirectory, to, 0) == 0;
        }
    }

    private static void FlushOnLinux(SafeFileHandle handle, string path)
    {
        while (Libc.Sync((int)handle.DangerousGetHandle()) != 0)
        {
            switch (Libc.LastError)
            {
                case LinuxError.Interrupted:
                    continue;
                case LinuxError.Invalid or LinuxError.NotSupported:
                    return;
                case var failure:
                    throw Failed(failure, "Flushing", path);
            }
        }
    }

    private static bool TryMoveElsewhere(string path, string target)
    {
        if (Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null)
        {
            Directory.Move(path, target);
            return true;
        }

        try
        {
            File.Move(path, target, overwrite: false);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private static byte[] Terminated(string path) => Encoding.UTF8.GetBytes(path + '\0');

    private static IOException Failed(int error, string operation, string path) =>
        LinuxError.Of(error, operation, Encoding.UTF8.GetBytes(path));
}
