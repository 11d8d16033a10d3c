using System.Runtime.InteropServices;

namespace OciImage.Registry.Hosts;

/// <summary>Knows where containerd, Docker and containers keep their files.</summary>
internal static partial class SystemPaths
{
    /// <summary>Returns where the files of a user are.</summary>
    /// <param name="variable">Returns a variable of the environment.</param>
    /// <param name="home">The user's home, which may be empty.</param>
    /// <param name="userId">The user's number, or <see langword="null"/> where there is none, as on Windows.</param>
    public static SystemRegistryHostsOptions Of(Func<string, string?> variable, string home, uint? userId)
    {
        string config = DirectoryOf(variable("XDG_CONFIG_HOME"), home, ".config");
        string containers = Below(config, "containers");
        string? named = Named(variable("CONTAINERS_REGISTRIES_CONF"));
        string? last = Named(variable("CONTAINERS_REGISTRIES_CONF_OVERRIDE"));
        string[] system = userId is null ? [] : ["/usr/share/containers/registries.conf", "/etc/containers/registries.conf"];
        string user = Below(containers, "registries.conf");

        return new SystemRegistryHostsOptions
        {
            HostsDirectories = Known(
                Below(config, "containerd/certs.d"),
                Below(config, "docker/certs.d"),
                SystemDirectory(userId, "/etc/containerd/certs.d", "containerd\\certs.d", variable("ProgramFiles")),
                SystemDirectory(userId, "/etc/docker/certs.d", "docker\\certs.d", variable("ProgramData"))),
            CertificateDirectories = Known(
                Below(containers, "certs.d"),
                userId is null ? "" : "/etc/containers/certs.d",
                SystemDirectory(userId, "/etc/docker/certs.d", "docker\\certs.d", variable("ProgramData")),
                userId is null ? "" : "/usr/share/containers/certs.d"),

            // A file that is named takes the place of all others, drop-ins included.
            RegistriesFiles = named is null ? Known([user, .. system.Reverse()]) : [],
            RegistriesDropInDirectories = named is null
                ? Known([.. system.SelectMany(path => DropIns(path, userId)), user.Length == 0 ? "" : user + ".d"])
                : [],
            RequiredRegistriesFiles = Known(named ?? "", last ?? ""),
            ShortNameAliasFile = userId == 0
                ? "/var/cache/containers/short-name-aliases.conf"
                : Below(DirectoryOf(variable("XDG_CACHE_HOME"), home, ".cache"), "containers/short-name-aliases.conf") is { Length: > 0 } file ? file : null,
        };
    }

    /// <summary>Returns the number of the user whose rights this process has.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint UserId();

    // From the weakest to the strongest.
    private static IEnumerable<string> DropIns(string path, uint? userId)
    {
        string special = path[..^".conf".Length] + (userId == 0 ? ".rootful" : ".rootless") + ".conf.d";

        return userId == 0 ? [path + ".d", special] : [path + ".d", special, $"{special}/{userId}"];
    }

    private static string DirectoryOf(string? value, string home, string name) =>
        value is { Length: > 0 } && Path.IsPathFullyQualified(value) ? value : Below(home, name);

    private static string Below(string directory, string path) => directory.Length == 0 ? "" : Path.Combine(directory, path);

    private static string SystemDirectory(uint? userId, string unix, string windows, string? root) =>
        userId is not null ? unix : root is { Length: > 0 } ? Path.Combine(root, windows) : "";

    private static string? Named(string? path) => path is { Length: > 0 } ? path : null;

    private static string[] Known(params string[] paths) => [.. paths.Where(path => path.Length > 0)];
}
