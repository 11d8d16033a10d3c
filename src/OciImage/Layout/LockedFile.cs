using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>A file that is open and locked, so that every other process knows that it is in use.</summary>
/// <remarks>
/// The lock is the system's and belongs to the open file: it ends with the process, however that ends. Nothing here asks
/// for a process id, which means nothing on another machine.
/// </remarks>
internal sealed class LockedFile : IDisposable
{
    // More in a row than chance gives: the file is in constant use.
    private const int MaxAttempts = 1000;

    private LockedFile(string path, SafeFileHandle handle)
    {
        Path = path;
        Handle = handle;
    }

    public string Path { get; }

    public SafeFileHandle Handle { get; }

    /// <summary>Opens a file for one holder.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="create">Whether to make the file where there is none.</param>
    /// <param name="file">The file, or <see langword="null"/>.</param>
    /// <returns><see langword="false"/> where another holder has it, or where there is none.</returns>
    /// <exception cref="IOException">What is there is no regular file, or cannot be opened or locked.</exception>
    public static bool TryOpen(string path, bool create, [NotNullWhen(true)] out LockedFile? file)
    {
        file = null;
        if (!Libc.IsSupported)
        {
            return TryOpenShared(path, create ? FileMode.OpenOrCreate : FileMode.Open, out file);
        }

        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            SafeFileHandle? handle = BlobFile.TryOpenOnLinux(
                path, Libc.ReadWrite | (create ? Libc.Create : 0), out bool isOther);
            if (handle is null)
            {
                return !isOther && !create
                    ? false
                    : throw new IOException($"'{path}' is {(isOther ? "not a regular file" : "in no directory")}.");
            }

            if (!BlobFile.TryLock(handle, Libc.LockExclusive, path))
            {
                handle.Dispose();
                return false;
            }

            // Between opening and locking, the last holder may have renamed the file to a blob, or removed it.
            if (BlobFile.IsNameOf(path, handle))
            {
                file = new LockedFile(path, handle);
                return true;
            }

            handle.Dispose();
        }

        return false;
    }

    /// <summary>Makes a new file in a directory, with a name that nobody can guess and that was free.</summary>
    public static LockedFile CreateTemporary(string directory, string suffix = LayoutSweep.TemporarySuffix)
    {
        while (true)
        {
            string path = System.IO.Path.Combine(directory, $"{Guid.NewGuid():N}{suffix}");
            if (!Libc.IsSupported)
            {
                return TryOpenShared(path, FileMode.CreateNew, out LockedFile? created)
                    ? created
                    : throw new IOException($"'{path}' cannot be made.");
            }

            SafeFileHandle handle =
                BlobFile.TryOpenOnLinux(path, Libc.ReadWrite | Libc.Create | Libc.Exclusive, out _) ??
                throw new IOException($"'{path}' cannot be made.");

            // Shared, since the lock goes with the file to its final name, and readers there may ask for one.
            // A sweep may have come before the lock.
            if (BlobFile.TryLock(handle, Libc.LockShared, path) && BlobFile.IsNameOf(path, handle))
            {
                return new LockedFile(path, handle);
            }

            handle.Dispose();
        }
    }

    public void Dispose() => Handle.Dispose();

    // Where a file is open for one holder only from the start; the share lets it be renamed and removed meanwhile.
    private static bool TryOpenShared(string path, FileMode mode, [NotNullWhen(true)] out LockedFile? file)
    {
        file = null;
        if (new FileInfo(path).LinkTarget is not null || Directory.Exists(path))
        {
            throw new IOException($"'{path}' is not a regular file.");
        }

        try
        {
            FileShare share = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;
            file = new LockedFile(path, File.OpenHandle(path, mode, FileAccess.ReadWrite, share));
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException) when (mode != FileMode.CreateNew && File.Exists(path))
        {
            return false;
        }
    }
}
