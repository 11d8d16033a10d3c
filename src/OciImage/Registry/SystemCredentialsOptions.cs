using System.Globalization;
using OciImage.Registry.Stores;

namespace OciImage.Registry;

/// <summary>Provides options for <see cref="SystemCredentials"/>: which files and helpers are asked, and in which order.</summary>
/// <remarks>A new instance names no file. <see cref="FromEnvironment()"/> names those that Docker and containers' tools use.</remarks>
public sealed class SystemCredentialsOptions
{
    /// <summary>The name that stands for the files in <see cref="Helpers"/>, as in <c>registries.conf</c>.</summary>
    public const string FilesHelper = "containers-auth.json";

    /// <summary>Gets the paths of the files, which need not exist, in the order in which they are asked.</summary>
    /// <value>None by default.</value>
    public IList<string> Files { get; } = [];

    /// <summary>Gets or sets the path of a file in the format of <c>~/.dockercfg</c>, asked after the others.</summary>
    /// <value>The default value is <see langword="null"/>: none.</value>
    public string? LegacyFile { get; set; }

    /// <summary>Gets the <c>credential-helpers</c> of <c>registries.conf</c>, asked in this order.</summary>
    /// <value>
    /// None by default: only the files are asked. Where there are some, the files are asked only where
    /// <see cref="FilesHelper"/> stands among them.
    /// </value>
    public IList<string> Helpers { get; } = [];

    /// <summary>Gets or sets how helpers are run.</summary>
    /// <value>The default value has the defaults of <see cref="CredentialHelperOptions"/>.</value>
    public CredentialHelperOptions HelperOptions
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = new();

    /// <summary>Gets or sets the file that a login writes: not always the first that is asked.</summary>
    /// <value>
    /// The default value is <see langword="null"/>. From the environment it is <c>$REGISTRY_AUTH_FILE</c>, else Docker's
    /// <c>config.json</c>.
    /// </value>
    public string? LoginFile { get; set; }

    /// <summary>Names the files that Docker and containers' tools use, by the variables of this process.</summary>
    /// <returns>Options of the caller's own. No file is read yet.</returns>
    public static SystemCredentialsOptions FromEnvironment() => FromEnvironment(
        name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value
            : name == "HOME" ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)
            : null);

    /// <summary>Names the files that Docker and containers' tools use, by given variables.</summary>
    /// <param name="getVariable">
    /// Returns a variable, or <see langword="null"/> where there is none. Asked for <c>REGISTRY_AUTH_FILE</c>, <c>XDG_RUNTIME_DIR</c>,
    /// <c>XDG_CONFIG_HOME</c>, <c>DOCKER_CONFIG</c>, <c>HOME</c> (on Windows <c>USERPROFILE</c> after it), and <c>PATH</c> for helpers.
    /// </param>
    /// <returns>
    /// Options of the caller's own: where there is <c>$REGISTRY_AUTH_FILE</c> that file alone; else
    /// <c>$XDG_RUNTIME_DIR/containers/auth.json</c> (without that variable <c>/run/containers/UID/auth.json</c>; both only on Linux),
    /// <c>containers/auth.json</c> in <c>$XDG_CONFIG_HOME</c> or <c>~/.config</c>, <c>config.json</c> in <c>$DOCKER_CONFIG</c> or
    /// <c>~/.docker</c>, and <c>~/.dockercfg</c>. Without a home directory those in it are left out.
    /// </returns>
    public static SystemCredentialsOptions FromEnvironment(Func<string, string?> getVariable)
    {
        ArgumentNullException.ThrowIfNull(getVariable);
        string? Variable(string name) => getVariable(name) is { Length: > 0 } value ? value : null;
        string? home = Variable("HOME") ?? (OperatingSystem.IsWindows() ? Variable("USERPROFILE") : null);
        string? dockerConfig = In(Variable("DOCKER_CONFIG") ?? In(home, ".docker"), "config.json");

        var options = new SystemCredentialsOptions();
        if (Variable("PATH") is { } path)
        {
            options.HelperOptions.Environment["PATH"] = path;
        }

        if (Variable("REGISTRY_AUTH_FILE") is { } file)
        {
            options.Files.Add(file);
            options.LoginFile = file;
            return options;
        }

        if (OperatingSystem.IsLinux())
        {
            Add(options, Variable("XDG_RUNTIME_DIR") is { } runtime ? In(runtime, "containers", "auth.json") : RuntimeFile());
        }

        Add(options, In(Variable("XDG_CONFIG_HOME") ?? In(home, ".config"), "containers", "auth.json"));
        Add(options, dockerConfig);
        options.LegacyFile = In(home, ".dockercfg");
        options.LoginFile = dockerConfig;

        return options;
    }

    internal SystemCredentialsOptions Copy()
    {
        var copy = new SystemCredentialsOptions
        {
            LegacyFile = LegacyFile,
            LoginFile = LoginFile,
            HelperOptions = HelperOptions.Copy(),
        };
        foreach (string file in Files)
        {
            copy.Files.Add(file);
        }

        foreach (string helper in Helpers)
        {
            copy.Helpers.Add(helper);
        }

        return copy;
    }

    private static void Add(SystemCredentialsOptions options, string? path)
    {
        if (path is not null)
        {
            options.Files.Add(path);
        }
    }

    private static string? In(string? directory, params string[] names) =>
        directory is null ? null : Path.Combine([directory, .. names]);

    // Where podman keeps its login without a session: /run/containers/UID/auth.json.
    private static string RuntimeFile() =>
        Path.Combine("/run/containers", UserId.Current.ToString(CultureInfo.InvariantCulture), "auth.json");
}
