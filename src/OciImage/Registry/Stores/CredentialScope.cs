namespace OciImage.Registry.Stores;

/// <summary>What a credential is for: a registry, or a repository or namespace of it.</summary>
/// <param name="Host">The host in lower case; <c>docker.io</c> under whatever name of Docker Hub's.</param>
/// <param name="Repository">The repository or namespace, or nothing for the whole registry.</param>
internal sealed record CredentialScope(string Host, string Repository)
{
    /// <summary>The name under which Docker keeps the credential of Docker Hub.</summary>
    public const string DockerHubUrl = "https://index.docker.io/v1/";

    private const string DockerHub = "docker.io";

    public bool IsRegistry => Repository.Length == 0;

    /// <summary>Gets the scope and those around it, the closest first.</summary>
    public IEnumerable<CredentialScope> FromClosest
    {
        get
        {
            string repository = Repository;
            while (repository.Length > 0)
            {
                yield return this with { Repository = repository };
                int slash = repository.LastIndexOf('/');
                repository = slash < 0 ? "" : repository[..slash];
            }

            yield return this with { Repository = "" };
        }
    }

    /// <summary>Gets the key that a new entry gets.</summary>
    public string Key => !IsRegistry ? $"{Host}/{Repository}" : Host == DockerHub ? DockerHubUrl : Host;

    /// <summary>Gets the names by which helpers may know the registry: Docker's first, then that of containers' tools.</summary>
    public IReadOnlyList<string> ServerUrls => Host == DockerHub ? [DockerHubUrl, DockerHub] : [Host];

    public static CredentialScope Of(string registry, string repository) => new(NormalHost(registry), repository.Trim('/'));

    /// <summary>Reads a key of a file.</summary>
    /// <param name="key">The key: a host, a host with a path, or a URL.</param>
    /// <param name="hostOnly">Whether a path never counts, as in the legacy format.</param>
    /// <remarks>
    /// The path of a URL says where the API is, as does <c>v1/</c> or <c>v2/</c> without a scheme; any other path is a namespace.
    /// </remarks>
    public static CredentialScope OfKey(string key, bool hostOnly = false)
    {
        string text = key;
        foreach (string scheme in (ReadOnlySpan<string>)["https://", "http://"])
        {
            if (text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                text = text[scheme.Length..];
                hostOnly = true;
                break;
            }
        }

        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string host = NormalHost(slash < 0 ? text : text[..slash]);
        string path = slash < 0 ? "" : text[(slash + 1)..];
        bool isApi = path is "v1/" or "v2/" || (host == DockerHub && path is "v1" or "v2");

        return new CredentialScope(host, hostOnly || isApi ? "" : path.Trim('/'));
    }

    public override string ToString() => IsRegistry ? Host : $"{Host}/{Repository}";

    private static string NormalHost(string host)
    {
        string lower = host.ToLowerInvariant();

        return lower is DockerHub or "index.docker.io" or "registry-1.docker.io" ? DockerHub : lower;
    }
}
