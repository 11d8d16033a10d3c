using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Keeps blobs from getting their names while what stands under a name is looked at and taken away.</summary>
/// <remarks>
/// Writers share it for the instant of a rename; whoever takes damaged content away has it alone. Elsewhere than on Linux
/// nothing is locked.
/// </remarks>
internal static class PublishLock
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    /// <summary>Waits until nobody takes content away.</summary>
    /// <exception cref="IOException">Somebody keeps the lock for longer than the limit.</exception>
    public static ValueTask<SafeFileHandle?> ShareAsync(LayoutPaths paths, TimeSpan limit) =>
        AcquireAsync(paths, Libc.LockShared, limit);

    /// <summary>Waits until no blob is about to get its name.</summary>
    /// <exception cref="IOException">Somebody keeps the lock for longer than the limit.</exception>
    public static ValueTask<SafeFileHandle?> TakeAsync(LayoutPaths paths, TimeSpan limit) =>
        AcquireAsync(paths, Libc.LockExclusive, limit);

    private static async ValueTask<SafeFileHandle?> AcquireAsync(LayoutPaths paths, int operation, TimeSpan limit)
    {
        if (!Libc.IsSupported)
        {
            return null;
        }

        SafeFileHandle handle = BlobFile.TryOpenOnLinux(paths.PublishLock, Libc.ReadWrite | Libc.Create, out bool isOther) ??
            throw new IOException($"'{paths.PublishLock}' is {(isOther ? "not a regular file" : "in no directory")}.");
        try
        {
            long started = TimeProvider.System.GetTimestamp();
            while (!BlobFile.TryLock(handle, operation, paths.PublishLock))
            {
                if (TimeProvider.System.GetElapsedTime(started) >= limit)
                {
                    throw LockHolder.TimedOut(paths.PublishLock, handle, limit);
                }

                // Held for the time of a rename or two.
                await Task.Delay(Interval).ConfigureAwait(false);
            }

            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
