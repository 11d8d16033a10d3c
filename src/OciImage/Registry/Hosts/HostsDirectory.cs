namespace OciImage.Registry.Hosts;

/// <summary>The directory of a registry in a tree of hosts.</summary>
/// <param name="Path">The path.</param>
/// <param name="IsDefault">Whether it is the one for all registries that have none.</param>
internal sealed record HostsDirectory(string Path, bool IsDefault)
{
    private const string DefaultName = "_default";

    /// <summary>Returns the directory of a registry in a tree, or <see langword="null"/>.</summary>
    /// <param name="root">The root of the tree.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="withDefault">Whether the directory for all other registries counts.</param>
    public static HostsDirectory? Find(string root, string registry, bool withDefault)
    {
        foreach (string name in NamesOf(registry))
        {
            string path = System.IO.Path.Combine(root, name);
            if (Directory.Exists(path))
            {
                return new HostsDirectory(path, false);
            }
        }

        string last = System.IO.Path.Combine(root, DefaultName);

        return withDefault && Directory.Exists(last) ? new HostsDirectory(last, true) : null;
    }

    /// <summary>Returns the names that the directory of a registry may have: <c>host_port_</c> before <c>host:port</c>.</summary>
    public static IEnumerable<string> NamesOf(string registry)
    {
        string lower = registry.ToLowerInvariant();
        foreach (string name in lower == registry ? [registry] : (string[])[registry, lower])
        {
            int colon = name.LastIndexOf(':');
            if (colon > 0)
            {
                yield return $"{name[..colon]}_{name[(colon + 1)..]}_";
            }

            // No name on Windows has a colon.
            yield return OperatingSystem.IsWindows() ? name.Replace(":", "", StringComparison.Ordinal) : name;
        }
    }
}
