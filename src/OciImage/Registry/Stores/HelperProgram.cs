namespace OciImage.Registry.Stores;

/// <summary>Finds the program of a helper.</summary>
internal static class HelperProgram
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public static string FileName(string name) => $"docker-credential-{name}";

    /// <summary>Returns the first program of a helper's name in the absolute entries of a search path, or null.</summary>
    /// <remarks>A relative entry would run what lies in the directory that the caller happens to be in.</remarks>
    public static string? Find(string name, string? searchPath)
    {
        string file = FileName(name);
        if (OperatingSystem.IsWindows() && !file.EndsWith(".exe", StringComparison.OrdinalIgnoreCase))
        {
            file += ".exe";
        }

        foreach (string entry in (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            if (Path.IsPathFullyQualified(entry) && IsProgram(Path.Combine(entry, file)))
            {
                return Path.Combine(entry, file);
            }
        }

        return null;
    }

    private static bool IsProgram(string path)
    {
        try
        {
            return File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & AnyExecute) != 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
