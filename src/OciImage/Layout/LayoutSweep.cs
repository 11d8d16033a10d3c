namespace OciImage.Layout;

/// <summary>Removes what unfinished writes left behind; never what somebody has open.</summary>
internal static class LayoutSweep
{
    public const string IngestSuffix = ".ingest";

    public static long Sweep(string directory, DateTimeOffset limit)
    {
        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(directory).EnumerateFiles())
        {
            if (file.LastWriteTimeUtc >= limit.UtcDateTime || file.Extension is not (IngestSuffix or ".tmp"))
            {
                continue;
            }

            try
            {
                // Whoever writes it holds a lock that this opening would need.
                using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                long length = stream.Length;
                file.Delete();
                bytes += length;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // In use, or gone by now: both are fine.
            }
        }

        return bytes;
    }
}
