namespace OciImage.Layout;

/// <summary>Removes what unfinished writes left behind; never what somebody has open.</summary>
internal static class LayoutSweep
{
    public const string IngestSuffix = ".ingest";
    public const string TemporarySuffix = ".tmp";

    public static long Sweep(string directory, DateTimeOffset limit)
    {
        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(directory).EnumerateFiles())
        {
            if (file.Extension is IngestSuffix or TemporarySuffix && IsOlder(file.LastWriteTimeUtc, limit))
            {
                bytes += Remove(file.FullName, limit);
            }
        }

        return bytes;
    }

    private static long Remove(string path, DateTimeOffset limit)
    {
        try
        {
            if (!LockedFile.TryOpen(path, create: false, out LockedFile? file))
            {
                return 0;
            }

            using (file)
            {
                // Whoever had it open until now may have written to it.
                if (!IsOlder(File.GetLastWriteTimeUtc(file.Handle), limit))
                {
                    return 0;
                }

                long length = RandomAccess.GetLength(file.Handle);
                File.Delete(path);
                return length;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No file of ours, or not ours to remove.
            return 0;
        }
    }

    private static bool IsOlder(DateTime lastWrite, DateTimeOffset limit) => lastWrite < limit.UtcDateTime;
}
