namespace OciImage.Registry.Hosts;

/// <summary>Makes routes of what files say.</summary>
/// <param name="trees">Where certificates are.</param>
internal sealed class HostsRoute(HostsTrees trees)
{
    /// <summary>Returns the route that a <c>hosts.toml</c> says.</summary>
    /// <exception cref="DocumentFormatException">A certificate is malformed, missing, or cannot be read.</exception>
    public RegistryRoute Of(HostsFile file, string registry) => new()
    {
        Mirrors = [.. file.Hosts.Select(host => EndpointOf(host, registry))],
        Upstream = EndpointOf(file.Server, registry),
    };

    /// <summary>Returns the route that a rule of <c>registries.conf</c> says, or <see langword="null"/> where nothing is special.</summary>
    /// <exception cref="DocumentFormatException">
    /// A name cannot be rewritten, a setting cannot be honoured, or a certificate is malformed, missing, or cannot be read.
    /// </exception>
    public RegistryRoute? Of(RegistriesConfiguration registries, RegistryRule rule, string registry, string repository)
    {
        // A place is blocked also by the rule that is about where it is: a rule can move what it must not open.
        RegistryEndpoint[] mirrors = [.. rule.Mirrors
            .Select(mirror => EndpointOf(rule, mirror, registry, repository))
            .Where(mirror => BlockedBecause(registries, mirror, repository) is null)];
        if (rule.BlockedBecause is { } reason)
        {
            return new RegistryRoute { Mirrors = mirrors, BlockedBecause = reason };
        }

        RegistryEndpoint place = EndpointOf(rule, rule.Place, registry, repository);
        bool isPlain = !place.IsInsecure && place.Certificates is null && place.Repository is null &&
            place.Host.Equals(DockerHub.AddressOf(registry), StringComparison.OrdinalIgnoreCase);
        string? blocked = isPlain ? null : BlockedBecause(registries, place, repository);

        return isPlain && mirrors.Length == 0 ? null : new RegistryRoute
        {
            Mirrors = mirrors,
            Upstream = isPlain || blocked is not null ? null : place,
            BlockedBecause = blocked,
        };
    }

    /// <summary>Returns the route to a registry for which only certificates are there, or <see langword="null"/>.</summary>
    /// <exception cref="DocumentFormatException">A certificate is malformed, or cannot be read.</exception>
    public RegistryRoute? Of(string registry) => trees.FindCertificates(registry, isRegistry: true) is { } certificates
        ? new RegistryRoute { Upstream = new RegistryEndpoint { Host = DockerHub.AddressOf(registry), Certificates = certificates } }
        : null;

    private static string? BlockedBecause(RegistriesConfiguration registries, RegistryEndpoint place, string repository) =>
        registries.Find(DockerHub.NameAt(place.Host), place.Repository ?? repository)?.BlockedBecause;

    private RegistryEndpoint EndpointOf(HostsFileEntry entry, string registry)
    {
        string host = entry.Address?.Host ?? registry;

        return new RegistryEndpoint
        {
            Host = DockerHub.AddressOf(host),
            Scheme = SchemeOf(entry, host),
            ApiPath = entry.ApiPath,

            // For the registry itself containerd takes no notice of capabilities either.
            Capabilities = entry.Address is null
                ? RegistryCapabilities.Pull | RegistryCapabilities.Resolve | RegistryCapabilities.Push
                : entry.Capabilities,
            IsInsecure = entry.SkipsVerification ?? false,
            Certificates = trees.Certificates.Get(entry.Authorities, entry.Clients) ??
                trees.FindCertificates(host, isRegistry: entry.Address is null),
            Headers = entry.Headers,
            ConnectTimeout = entry.DialTimeout,
        };
    }

    private static RegistryScheme SchemeOf(HostsFileEntry entry, string host)
    {
        bool skips = entry.SkipsVerification ?? false;
        if (entry.Address is not { } address)
        {
            // To accept any certificate is not to do without one: only this machine may speak plain http.
            return skips && !HostAddress.IsLocal(host) ? RegistryScheme.Https : RegistryScheme.Automatic;
        }

        // Written as http with a setting for https, containerd tries https first, unless the port is that of http.
        return address.IsHttps ? RegistryScheme.Https
            : skips && address.Port is not ("" or "80") ? RegistryScheme.Automatic
            : RegistryScheme.Http;
    }

    private RegistryEndpoint EndpointOf(RegistryRule rule, RegistryMirror place, string registry, string repository)
    {
        if (place.ProxyLine is { } line)
        {
            throw ConfigurationFile.Fault(rule.Source, line, "a proxy of one place is not supported; HTTPS_PROXY and NO_PROXY are");
        }

        if (place.Namespace is { } name && !name.Equals(registry, StringComparison.OrdinalIgnoreCase))
        {
            throw ConfigurationFile.Fault(
                rule.Source, rule.Line, $"'namespace-proxy' other than '{Excerpt.Of(registry)}', which other places are told, is not supported");
        }

        (string host, string? moved) = rule.Rewrite(place, registry, repository);

        return new RegistryEndpoint
        {
            Host = DockerHub.AddressOf(host),
            Repository = moved,
            Capabilities = place.Capabilities,
            IsInsecure = place.IsInsecure,
            Certificates = trees.FindCertificates(host, isRegistry: host.Equals(registry, StringComparison.OrdinalIgnoreCase)),
        };
    }
}
