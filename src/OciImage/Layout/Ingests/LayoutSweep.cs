namespace OciImage.Layout;

/// <summary>Removes what unfinished writes left behind; never what somebody has open.</summary>
internal static class LayoutSweep
{
    public const string TemporarySuffix = ".tmp";

    // A clock that is ahead by no more than this may be right, and this machine's wrong.
    private static readonly TimeSpan Skew = TimeSpan.FromDays(1);

    /// <summary>Removes what is older than the options have it, as the first write of an instance does.</summary>
    /// <param name="paths">The layout.</param>
    /// <param name="options">The options of the layout.</param>
    /// <param name="now">The time of the file system.</param>
    public static void SweepUnasked(LayoutPaths paths, OciLayoutOptions options, DateTime now)
    {
        try
        {
            if (options.IngestGracePeriod is { } ingests)
            {
                Sweep(paths, now, ingests);
            }

            if (options.QuarantineGracePeriod is { } quarantine)
            {
                LayoutQuarantine.Sweep(paths, now, quarantine);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nobody asked for it, and the write that is on its way does not depend on it.
        }
    }

    public static long Sweep(LayoutPaths paths, DateTime now, TimeSpan age)
    {
        if (!LayoutPaths.IsPlainDirectory(paths.Ingest))
        {
            return 0;
        }

        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(paths.Ingest).EnumerateFiles())
        {
            if (!IsOlder(file.LastWriteTimeUtc, now, age))
            {
                continue;
            }

            switch (file.Extension)
            {
                case IngestPlace.Suffix or TemporarySuffix:
                    bytes += Remove(file.FullName, now, age);
                    break;
                case IngestPlace.RecordSuffix when !File.Exists(Path.ChangeExtension(file.FullName, IngestPlace.Suffix)):
                    TryDelete(file.FullName);
                    break;
            }
        }

        return bytes;
    }

    /// <summary>Tells whether a file is old; one from a far future was written under a clock that was wrong.</summary>
    public static bool IsOlder(DateTime lastWrite, DateTime now, TimeSpan age)
    {
        TimeSpan passed = now - lastWrite;
        return passed > age || -passed > (age > Skew ? age : Skew);
    }

    private static long Remove(string path, DateTime now, TimeSpan age)
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
                if (!IsOlder(File.GetLastWriteTimeUtc(file.Handle), now, age))
                {
                    return 0;
                }

                long length = RandomAccess.GetLength(file.Handle);
                File.Delete(path);
                if (Path.GetExtension(path) == IngestPlace.Suffix)
                {
                    File.Delete(new IngestPlace(path).Record);
                }

                return length;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No file of ours, or not ours to remove.
            return 0;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next sweep may be luckier.
        }
    }
}
