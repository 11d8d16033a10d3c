using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Opens files that stand where others may have put something else: links, pipes and directories are refused.</summary>
internal static unsafe class BlobFile
{
    private const int NotFoundError = 2;
    private const int NotDirectoryError = 20;
    private const int LoopError = 40;

    /// <summary>Opens a regular file for reading, without following a link and without waiting for a pipe's writer.</summary>
    /// <returns>The handle, or <see langword="null"/> where there is nothing of that name.</returns>
    /// <exception cref="IOException">What is there is no regular file.</exception>
    public static SafeFileHandle? TryOpen(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            return TryOpenOnLinux(path);
        }

        var file = new FileInfo(path);
        if (!file.Exists)
        {
            return Directory.Exists(path) ? throw NotRegular(path) : null;
        }

        return file.LinkTarget is null ? File.OpenHandle(path) : throw NotRegular(path);
    }

    /// <summary>Flushes a directory, so that the names in it survive a power cut. Does nothing where that is not possible.</summary>
    public static void FlushDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        fixed (byte* name = Terminated(path))
        {
            int descriptor = Libc.OpenAt(Libc.AtCurrentDirectory, name, Libc.DirectoryOnly | Libc.CloseOnExec, 0);
            if (descriptor >= 0)
            {
                _ = Libc.Sync(descriptor);
                _ = Libc.Close(descriptor);
            }
        }
    }

    /// <summary>Makes a second name for a file, where the file system can.</summary>
    public static bool TryLink(string existing, string name)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        fixed (byte* from = Terminated(existing), to = Terminated(name))
        {
            return Libc.LinkAt(Libc.AtCurrentDirectory, from, Libc.AtCurrentDirectory, to, 0) == 0;
        }
    }

    private static SafeFileHandle? TryOpenOnLinux(string path)
    {
        fixed (byte* name = Terminated(path))
        {
            int descriptor = Libc.OpenAt(
                Libc.AtCurrentDirectory, name, Libc.NonBlock | Libc.CloseOnExec | Libc.NoFollow, 0);
            if (descriptor < 0)
            {
                int error = Libc.LastError;
                return error switch
                {
                    NotFoundError or NotDirectoryError => null,
                    LoopError => throw NotRegular(path),
                    _ => throw new IOException($"'{path}' cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}."),
                };
            }

            var handle = new SafeFileHandle(descriptor, ownsHandle: true);
            FileStatus status;
            byte none = 0;
            if (Libc.StatX(descriptor, &none, Libc.AtEmptyPath, Libc.StatBasic, &status) != 0 ||
                status.Type != FileStatus.RegularFile)
            {
                handle.Dispose();
                throw NotRegular(path);
            }

            return handle;
        }
    }

    private static byte[] Terminated(string path) => Encoding.UTF8.GetBytes(path + '\0');

    private static IOException NotRegular(string path) => new($"'{path}' is not a regular file.");
}
