namespace OciImage.Registry.Hosts;

/// <summary>Knows the names of Docker Hub: what users call <c>docker.io</c> answers under another name.</summary>
internal static class DockerHub
{
    public const string Name = ImageReference.DefaultRegistry;

    private const string Address = "registry-1.docker.io";

    public static bool IsHub(string host) => host.Equals(Name, StringComparison.OrdinalIgnoreCase) ||
        host.Equals("index.docker.io", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the name that users know a registry by.</summary>
    public static string NameOf(string registry) => IsHub(registry) ? Name : registry;

    /// <summary>Returns the host that is dialled.</summary>
    public static string AddressOf(string host) => IsHub(host) ? Address : host;

    /// <summary>Returns the name that users know a host by that is dialled.</summary>
    public static string NameAt(string host) => IsHub(host) || host == Address ? Name : host;
}
