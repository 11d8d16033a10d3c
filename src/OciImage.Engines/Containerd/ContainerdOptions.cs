using OciImage.Layout;

namespace OciImage.Engines;

/// <summary>Provides options for speaking to a containerd.</summary>
public sealed class ContainerdOptions
{
    /// <summary>The path of containerd's socket where nothing else is said.</summary>
    public const string DefaultAddress = "/run/containerd/containerd.sock";

    /// <summary>The namespace where none is named.</summary>
    public const string DefaultNamespace = "default";

    /// <summary>The variable that names the socket.</summary>
    public const string AddressVariable = "CONTAINERD_ADDRESS";

    /// <summary>The variable that names the namespace.</summary>
    public const string NamespaceVariable = "CONTAINERD_NAMESPACE";

    /// <summary>Gets or sets the Unix socket: a path, with or without <c>unix://</c>.</summary>
    /// <value>The default value is <c>/run/containerd/containerd.sock</c>.</value>
    /// <exception cref="ArgumentException">The value is no address of a Unix socket.</exception>
    public string Address
    {
        get;
        set => field = EngineSocket.ParsePath(value, "containerd");
    } = DefaultAddress;

    /// <summary>Gets or sets the namespace of image names, labels and leases. Content is shared by all of them on disk.</summary>
    /// <value>The default value is <c>default</c>. Kubernetes uses <c>k8s.io</c>, Docker <c>moby</c>.</value>
    /// <exception cref="ArgumentException">The value is no namespace of containerd's grammar, or is <c>version</c>.</exception>
    public string Namespace
    {
        get;
        set
        {
            LayoutNamespace.Check(value);
            field = value;
        }
    } = DefaultNamespace;

    /// <summary>Gets or sets the repository whose tags the store's references are, such as <c>docker.io/library/alpine</c>.</summary>
    /// <value>The default value is <see langword="null"/>: references are whole names, of all repositories.</value>
    /// <exception cref="ArgumentException">The value is not a registry and a repository.</exception>
    public string? Repository
    {
        get;
        set
        {
            if (value is not null)
            {
                ImageNames.CheckRepository(value);
            }

            field = value;
        }
    }

    /// <summary>Gets or sets where pushed content comes from, which its labels then say, so that containerd can mount or fetch it there.</summary>
    /// <value>The default value is <see langword="null"/>, which is not said.</value>
    public ImageReference? Origin { get; set; }

    /// <summary>Gets or sets whether pushed layers are unpacked on the way to learn their DiffIDs, which their labels then say.</summary>
    /// <value>The default value is <see langword="true"/>. It costs a core while a compressed layer is pushed.</value>
    public bool ComputeDiffIds { get; set; } = true;

    /// <summary>Gets or sets how long connecting, with the first answer, may take.</summary>
    /// <value>The default value is ten seconds.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative, or longer than a day.</exception>
    public TimeSpan ConnectTimeout
    {
        get;
        set => field = EngineTimeout.Check(value);
    } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets how long one answer, or the next part of a longer one, may take.</summary>
    /// <value>The default value is one minute.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative, or longer than a day.</exception>
    public TimeSpan Timeout
    {
        get;
        set => field = EngineTimeout.Check(value);
    } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets how long to wait for content that somebody else is writing.</summary>
    /// <value>The default value is one minute.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative, or longer than a day.</exception>
    public TimeSpan LockTimeout
    {
        get;
        set => field = EngineTimeout.Check(value);
    } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets after what time a lease ends by itself, should this process die. A living one renews it.</summary>
    /// <value>The default value is 24 hours.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative, or longer than 30 days.</exception>
    public TimeSpan LeaseDuration
    {
        get;
        set => field = EngineTimeout.Check(value, TimeSpan.FromDays(30));
    } = TimeSpan.FromHours(24);

    /// <summary>Gets or sets the limits that hold for manifests and indexes.</summary>
    /// <value>The default value has the defaults of <see cref="DocumentOptions"/>.</value>
    public DocumentOptions Documents
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = new();

    /// <summary>Gets or sets the clock.</summary>
    /// <value>The default value is the system's clock.</value>
    public TimeProvider TimeProvider
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = TimeProvider.System;

    /// <summary>Makes options of the variables <c>CONTAINERD_ADDRESS</c> and <c>CONTAINERD_NAMESPACE</c>.</summary>
    /// <param name="getVariable">Gets a variable; those of this process by default.</param>
    /// <returns>The options.</returns>
    /// <exception cref="ArgumentException">A variable's value is no address, or no namespace.</exception>
    public static ContainerdOptions FromEnvironment(Func<string, string?>? getVariable = null)
    {
        getVariable ??= Environment.GetEnvironmentVariable;
        var options = new ContainerdOptions();
        if (getVariable(AddressVariable) is { Length: > 0 } address)
        {
            options.Address = address;
        }

        if (getVariable(NamespaceVariable) is { Length: > 0 } name)
        {
            options.Namespace = name;
        }

        return options;
    }

    internal ContainerdOptions Clone() => (ContainerdOptions)MemberwiseClone();
}
