using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Knows when a file was last written or used, by the clock of its file system.</summary>
internal static unsafe class BlobTimes
{
    private const int NanosecondsPerTick = 100;

    /// <summary>Sets the time of the last write to now, where this process may.</summary>
    public static void Touch(SafeFileHandle handle)
    {
        if (Libc.IsSupported)
        {
            // A store that may only be read, or another owner's file: nothing depends on it but a collector's patience.
            _ = Libc.SetTimes((int)handle.DangerousGetHandle(), null);
            return;
        }

        try
        {
            File.SetLastWriteTimeUtc(handle, TimeProvider.System.GetUtcNow().UtcDateTime);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // As above.
        }
    }

    /// <summary>Touches a file beside collectors of other processes.</summary>
    /// <returns>
    /// <see langword="true"/> where the name leads to the file that was touched; <see langword="null"/> where somebody keeps it
    /// locked, or put another in its place.
    /// </returns>
    public static bool? TryTouch(SafeFileHandle handle, string path)
    {
        if (!Libc.IsSupported)
        {
            Touch(handle);
            return true;
        }

        try
        {
            if (!BlobFile.TryLock(handle, Libc.LockShared, path))
            {
                return null;
            }
        }
        catch (IOException)
        {
            // A file system without locks has no collector either.
            return true;
        }

        Touch(handle);
        return BlobFile.IsNameOf(path, handle) ? true : null;
    }

    public static DateTime LastWriteOf(SafeFileHandle handle)
    {
        if (!Libc.IsSupported)
        {
            return File.GetLastWriteTimeUtc(handle);
        }

        FileStatus status = BlobFile.Stat(handle);
        return LastWriteOf(status);
    }

    /// <summary>Returns the time, cut to what .NET's times tell apart; what lies outside of them is at their end.</summary>
    public static DateTime LastWriteOf(in FileStatus status)
    {
        long seconds = Math.Clamp(status.ModifiedSeconds, -62_135_596_800, 253_402_300_798);
        return DateTime.UnixEpoch.AddSeconds(seconds).AddTicks(status.ModifiedNanoseconds / NanosecondsPerTick);
    }
}
