using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>The holds of a layout: files that their makers keep locked, of the time when the work began.</summary>
internal static class LayoutHolds
{
    public const string Suffix = ".hold";

    /// <summary>Begins a hold, which ends when it is disposed, or with the process.</summary>
    public static IDisposable Create(LayoutPaths paths)
    {
        LayoutPaths.Prepare(paths.Ingest);
        return new Hold(LockedFile.CreateTemporary(paths.Ingest, Suffix));
    }

    /// <summary>Returns when the oldest work began that goes on, and how many pieces of work there are.</summary>
    /// <param name="paths">Where the holds are.</param>
    /// <param name="sweep">Whether to remove what the dead left.</param>
    public static (DateTime? Oldest, int Count) Find(LayoutPaths paths, bool sweep)
    {
        DateTime? oldest = null;
        int count = 0;
        if (!LayoutPaths.IsPlainDirectory(paths.Ingest))
        {
            return default;
        }

        foreach (FileInfo file in new DirectoryInfo(paths.Ingest).EnumerateFiles("*" + Suffix))
        {
            if (TryGetStart(file.FullName, sweep) is { } start)
            {
                oldest = oldest < start ? oldest : start;
                count++;
            }
        }

        return (oldest, count);
    }

    private static DateTime? TryGetStart(string path, bool sweep)
    {
        if (!Libc.IsSupported)
        {
            return TryGetStartByOpening(path, sweep);
        }

        SafeFileHandle? handle;
        try
        {
            handle = BlobFile.TryOpenOnLinux(path, Libc.ReadOnly, out _);
        }
        catch (IOException)
        {
            // Another user's, who alone can tell whether it is alive.
            return File.GetLastWriteTimeUtc(path);
        }

        using (handle)
        {
            if (handle is null)
            {
                return null;
            }

            if (!BlobFile.TryLock(handle, Libc.LockExclusive, path))
            {
                return BlobTimes.LastWriteOf(handle);
            }

            if (sweep && BlobFile.IsNameOf(path, handle))
            {
                Remove(path);
            }

            return null;
        }
    }

    private static DateTime? TryGetStartByOpening(string path, bool sweep)
    {
        try
        {
            if (!LockedFile.TryOpen(path, create: false, out LockedFile? file))
            {
                return File.Exists(path) ? File.GetLastWriteTimeUtc(path) : null;
            }

            using (file)
            {
                if (sweep)
                {
                    Remove(path);
                }
            }
        }
        catch (IOException)
        {
            // No file of ours.
        }

        return null;
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another user's; it holds nothing any more.
        }
    }

    private sealed class Hold(LockedFile file) : IDisposable
    {
        public void Dispose()
        {
            // While it is locked, so that nobody else's file of that name goes.
            if (!file.Handle.IsClosed)
            {
                Remove(file.Path);
                file.Dispose();
            }
        }
    }
}
