using System.Globalization;

namespace OciImage;

/// <summary>Knows which versions of Windows run which containers, as containerd does.</summary>
internal static class WindowsVersion
{
    // From Server 2022 on a host runs containers of every build since; before it the builds must be the same.
    private const int FirstCompatibleBuild = 20348;

    /// <summary>Returns how much older the container's build is than the host's, or <see langword="null"/> where it does not run.</summary>
    /// <param name="host">The version of the host; none runs everything.</param>
    /// <param name="container">The version of the container; none runs everywhere, but everything else is preferred.</param>
    public static long? Distance(string? host, string? container)
    {
        if (string.IsNullOrEmpty(host))
        {
            return 0;
        }

        if (string.IsNullOrEmpty(container))
        {
            return int.MaxValue;
        }

        if (!TryRead(host, out var hostVersion) || !TryRead(container, out var version))
        {
            return host == container ? 0 : null;
        }

        bool runs = hostVersion.Major == version.Major && hostVersion.Minor == version.Minor &&
            (hostVersion.Build == version.Build ||
                (version.Build >= FirstCompatibleBuild && version.Build < hostVersion.Build));
        return runs ? hostVersion.Build - version.Build : null;
    }

    // The revision, after a third dot, does not matter.
    private static bool TryRead(string text, out (int Major, int Minor, int Build) version)
    {
        version = default;
        string[] parts = text.Split('.');
        return parts.Length >= 3 && TryNumber(parts[0], out version.Major) && TryNumber(parts[1], out version.Minor) &&
            TryNumber(parts[2], out version.Build);
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
