using OciImage.Registry.Auth;
using OciImage.Registry.Http;

namespace OciImage.Registry.Routing;

/// <summary>One repository at one place: the registry itself, or a mirror of it.</summary>
internal sealed class RepositoryPlace
{
    private readonly string? _namespace;
    private readonly string? _name;

    /// <param name="host">The host.</param>
    /// <param name="repository">The repository's name there.</param>
    /// <param name="capabilities">What the place may be asked.</param>
    /// <param name="namespace">The registry whose content is meant, where the place is another; told to it with each request.</param>
    /// <param name="name">The repository as a user writes it, where that is another one, for messages.</param>
    public RepositoryPlace(
        RegistryHost host, string repository, RegistryCapabilities capabilities, string? @namespace, string? name = null)
    {
        _name = name;
        Host = host;
        Repository = repository;
        Capabilities = capabilities;
        _namespace = @namespace;
        Pull = new AccessNeed(repository, AccessNeed.Pull);
        Push = new AccessNeed(repository, AccessNeed.Push);
        Delete = new AccessNeed(repository, AccessNeed.Delete);
    }

    public RegistryHost Host { get; }

    public string Repository { get; }

    public RegistryCapabilities Capabilities { get; }

    public AccessNeed Pull { get; }

    public AccessNeed Push { get; }

    public AccessNeed Delete { get; }

    /// <summary>Makes a request for something of the repository, such as <c>manifests/latest</c>.</summary>
    public HttpRequestMessage Request(HttpMethod method, Uri root, string path) => new(method, Address(root, path));

    /// <summary>Returns the address of something of the repository; a mirror is told whose content is meant (distribution-spec, "Registry Proxying").</summary>
    public Uri Address(Uri root, string path)
    {
        string query = _namespace is null
            ? ""
            : $"{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}ns={Uri.EscapeDataString(_namespace)}";
        return new Uri(root, $"{Repository}/{path}{query}");
    }

    public override string ToString() => _name ?? $"{Host.Name}/{Repository}";
}
