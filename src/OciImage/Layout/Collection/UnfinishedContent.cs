namespace OciImage.Layout;

/// <summary>Measures what a sweep of unfinished content would remove, and changes nothing.</summary>
internal static class UnfinishedContent
{
    public static long Measure(LayoutPaths paths, DateTime now, TimeSpan age)
    {
        if (!LayoutPaths.IsPlainDirectory(paths.Ingest))
        {
            return 0;
        }

        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(paths.Ingest).EnumerateFiles())
        {
            if (file.Extension is IngestPlace.Suffix or LayoutSweep.TemporarySuffix &&
                file.LinkTarget is null && LayoutSweep.IsOlder(file.LastWriteTimeUtc, now, age))
            {
                bytes += MeasureUnlessOpen(file);
            }
        }

        return bytes;
    }

    private static long MeasureUnlessOpen(FileInfo file)
    {
        try
        {
            if (LockedFile.TryOpen(file.FullName, create: false, out LockedFile? locked))
            {
                using (locked)
                {
                    return RandomAccess.GetLength(locked.Handle);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No file of ours, or not ours to remove.
        }

        return 0;
    }
}
