namespace OciImage.Registry.Hosts;

/// <summary>Lists the files of a directory of configuration.</summary>
internal static class DirectoryFiles
{
    /// <summary>Returns the paths in the order of their names, or <see langword="null"/> where there is no such directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="limit">How many files it may have.</param>
    /// <exception cref="DocumentFormatException">The directory cannot be read, or has more files than the limit.</exception>
    public static List<string>? List(string directory, int limit)
    {
        try
        {
            List<string> paths = [.. Directory.EnumerateFiles(directory).Take(limit + 1)];
            if (paths.Count > limit)
            {
                throw new DocumentFormatException($"'{Excerpt.Of(directory)}' has more than {limit} files.");
            }

            paths.Sort(StringComparer.Ordinal);

            return paths;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ConfigurationFile.Unreadable(directory, exception);
        }
    }
}
