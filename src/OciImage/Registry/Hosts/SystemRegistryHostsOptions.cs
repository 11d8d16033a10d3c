namespace OciImage.Registry.Hosts;

/// <summary>Says where the files are that a machine keeps about registries. Without a value no file is read.</summary>
public sealed class SystemRegistryHostsOptions
{
    /// <summary>Gets or sets the roots of trees with a directory for each registry, as containerd has them.</summary>
    /// <remarks>The first tree in which the registry's directory has a <c>hosts.toml</c> decides.</remarks>
    /// <value>The default value is none.</value>
    public IReadOnlyList<string> HostsDirectories
    {
        get;
        set => field = Checked(value);
    } = [];

    /// <summary>Gets or sets the places where a <c>registries.conf</c> may be. Only the first that is there is read.</summary>
    /// <value>The default value is none.</value>
    public IReadOnlyList<string> RegistriesFiles
    {
        get;
        set => field = Checked(value);
    } = [];

    /// <summary>Gets or sets the directories with drop-ins, <c>*.conf</c>, that are read after that file.</summary>
    /// <remarks>
    /// All of them are read in the ordinal order of their names, whatever directory they are in, and a later one wins. Of two with
    /// one name only the one in the later directory is read.
    /// </remarks>
    /// <value>The default value is none.</value>
    public IReadOnlyList<string> RegistriesDropInDirectories
    {
        get;
        set => field = Checked(value);
    } = [];

    /// <summary>Gets or sets files like <c>registries.conf</c> that are read last, in this order, and must be there.</summary>
    /// <value>The default value is none.</value>
    public IReadOnlyList<string> RequiredRegistriesFiles
    {
        get;
        set => field = Checked(value);
    } = [];

    /// <summary>Gets or sets the file in which other programs record what short names were taken for, which wins over the others.</summary>
    /// <value>The default value is <see langword="null"/>: there is none.</value>
    public string? ShortNameAliasFile { get; set; }

    /// <summary>Gets or sets the roots of trees with a directory of certificates for each host, as Docker and containers have them.</summary>
    /// <remarks>The first tree that has a directory for the host decides.</remarks>
    /// <value>The default value is none.</value>
    public IReadOnlyList<string> CertificateDirectories
    {
        get;
        set => field = Checked(value);
    } = [];

    /// <summary>Makes options for the files that containerd, Docker and containers read on this machine, for this user.</summary>
    /// <remarks>
    /// <c>CONTAINERS_REGISTRIES_CONF</c>, <c>CONTAINERS_REGISTRIES_CONF_OVERRIDE</c>, <c>XDG_CONFIG_HOME</c>, <c>XDG_CACHE_HOME</c> and
    /// <c>HOME</c> are read from the environment. No file is looked at.
    /// </remarks>
    /// <returns>The options.</returns>
    public static SystemRegistryHostsOptions FromEnvironment() => SystemPaths.Of(
        Environment.GetEnvironmentVariable,
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        OperatingSystem.IsWindows() ? null : SystemPaths.UserId());

    /// <summary>Names the files of this machine, by given variables.</summary>
    /// <param name="getVariable">
    /// Returns a variable, or <see langword="null"/> where there is none. Asked for <c>XDG_CONFIG_HOME</c>, <c>HOME</c> (on Windows
    /// <c>USERPROFILE</c> after it), <c>CONTAINERS_REGISTRIES_CONF</c> and others that docs/hosts.md lists.
    /// </param>
    /// <returns>Options of the caller's own. No file is read yet.</returns>
    public static SystemRegistryHostsOptions FromEnvironment(Func<string, string?> getVariable)
    {
        ArgumentNullException.ThrowIfNull(getVariable);
        string home = getVariable("HOME") ?? (OperatingSystem.IsWindows() ? getVariable("USERPROFILE") : null) ?? "";
        return SystemPaths.Of(getVariable, home, OperatingSystem.IsWindows() ? null : SystemPaths.UserId());
    }

    internal SystemRegistryHostsOptions Clone() => new()
    {
        HostsDirectories = [.. HostsDirectories],
        RegistriesFiles = [.. RegistriesFiles],
        RegistriesDropInDirectories = [.. RegistriesDropInDirectories],
        RequiredRegistriesFiles = [.. RequiredRegistriesFiles],
        ShortNameAliasFile = ShortNameAliasFile,
        CertificateDirectories = [.. CertificateDirectories],
    };

    private static IReadOnlyList<string> Checked(IReadOnlyList<string> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }
}
