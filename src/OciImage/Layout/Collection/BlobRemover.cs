using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Removes one blob, unless somebody uses it at this very moment.</summary>
internal static class BlobRemover
{
    /// <param name="paths">Where things are.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="limit">It stays where it was written or used at that time or later.</param>
    /// <remarks>
    /// It is renamed before it is removed: where a writer put a new file of the same content there after the last look, that
    /// one is what was caught, and goes back.
    /// </remarks>
    public static BlobRemoval TryRemove(LayoutPaths paths, Digest digest, DateTime limit)
    {
        string path = paths.Blob(digest)!;
        try
        {
            using SafeFileHandle? handle = BlobFile.TryOpen(path, out bool isOther);
            if (handle is null)
            {
                return isOther ? BlobRemoval.Refused : BlobRemoval.Absent;
            }

            if (!Libc.IsSupported)
            {
                return RemoveUnlocked(path, handle, limit);
            }

            if (!BlobFile.TryLock(handle, Libc.LockExclusive, path) || BlobTimes.LastWriteOf(handle) >= limit ||
                !BlobFile.IsNameOf(path, handle))
            {
                return BlobRemoval.InUse;
            }

            string temporary = Path.Combine(paths.Ingest, $"{Guid.NewGuid():N}{LayoutSweep.TemporarySuffix}");
            File.Move(path, temporary, overwrite: true);
            if (!BlobFile.IsNameOf(temporary, handle))
            {
                File.Move(temporary, path, overwrite: true);
                return BlobRemoval.InUse;
            }

            File.Delete(temporary);
            return BlobRemoval.Removed;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return BlobRemoval.Refused;
        }
    }

    private static BlobRemoval RemoveUnlocked(string path, SafeFileHandle handle, DateTime limit)
    {
        if (BlobTimes.LastWriteOf(handle) >= limit)
        {
            return BlobRemoval.InUse;
        }

        File.Delete(path);
        return BlobRemoval.Removed;
    }
}
