namespace OciImage.Bundles;

/// <summary>A volume of an image as a place to mount something at.</summary>
internal static class BundleVolume
{
    // What is mounted there is the kernel's, and something on top of it takes it from the container or is refused by runtimes.
    private static readonly string[] Reserved = ["/proc", "/sys", "/dev"];

    /// <summary>Returns the paths in one spelling each, in their order.</summary>
    /// <exception cref="BundleException">A path is relative, climbs, is the root, or is one of the kernel's.</exception>
    public static IReadOnlyList<string> GetPaths(IEnumerable<string> volumes) =>
        [.. volumes.Select(Normalize).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Returns what is mounted, with directories of the bundle for volumes that want one.</summary>
    public static IEnumerable<RuntimeMount> GetMounts(IReadOnlyList<string> paths, VolumeMounts mounts) => paths.Select(
        (path, index) => mounts == VolumeMounts.Temporary
            ? BundlePresets.Mount(path, "tmpfs", "tmpfs", "rw", "nosuid", "nodev", "tmpcopyup")
            : BundlePresets.Mount(path, "none", $"volumes/{index}", "rbind", "rw", "nosuid", "nodev"));

    private static string Normalize(string volume)
    {
        string[] names = volume.Split('/');
        if (names[0].Length != 0 || names.Contains("..") || volume.Contains('\0', StringComparison.Ordinal))
        {
            throw Refuse(volume, "is no absolute path without '..'");
        }

        string path = "/" + string.Join('/', names.Where(name => name is not ("" or ".")));
        if (path == "/" || Reserved.Any(reserved => path == reserved || path.StartsWith(reserved + "/", StringComparison.Ordinal)))
        {
            throw Refuse(volume, "is a place where nothing else may be mounted");
        }

        return path;
    }

    private static BundleException Refuse(string volume, string why) => new(
        BundleErrorKind.InvalidVolume, $"The volume '{Excerpt.Of(volume)}' of the image {why}.");
}
