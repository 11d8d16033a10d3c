using System.Collections.Concurrent;
using OciImage.Registry.Http;

namespace OciImage.Registry.Routing;

/// <summary>Keeps one state for each place that is spoken to in one way, and the routes to repositories.</summary>
internal sealed class HostDirectory(RegistryOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<HostKey, Lazy<RegistryHost>> _hosts = new();

    /// <summary>Asks the provider for the route to a repository; an empty name asks for the registry as such.</summary>
    /// <exception cref="RegistryException">The route is malformed.</exception>
    public async ValueTask<RepositoryRoute> GetRouteAsync(string registry, string repository, CancellationToken cancellationToken)
    {
        RegistryRoute? route = options.Hosts is null
            ? null
            : await options.Hosts.GetRouteAsync(registry, repository, cancellationToken).ConfigureAwait(false);
        RepositoryPlace upstream = Upstream(registry, repository, route?.Upstream);
        RepositoryPlace[] mirrors =
            [.. (route?.Mirrors ?? []).Select(mirror => Place(registry, repository, mirror, isMirror: true))];
        return new RepositoryRoute(mirrors, upstream, route?.BlockedBecause);
    }

    public void Dispose()
    {
        foreach (Lazy<RegistryHost> host in _hosts.Values.Where(host => host.IsValueCreated))
        {
            host.Value.Dispose();
        }
    }

    private static void Check(RegistryEndpoint endpoint)
    {
        bool isPath = endpoint.ApiPath is ['/', .., '/'] or "/" && !endpoint.ApiPath.AsSpan().ContainsAny("?#\\ ") &&
            !endpoint.ApiPath.AsSpan().ContainsAnyExceptInRange('!', '~');
        if (!ReferenceGrammar.IsRegistry(endpoint.Host) || !isPath ||
            (endpoint.Repository is { Length: > 0 } name && !ReferenceGrammar.IsRepository(name)))
        {
            throw new RegistryException(
                $"The endpoint '{Excerpt.Of(endpoint.Host)}{Excerpt.Of(endpoint.ApiPath)}{Excerpt.Of(endpoint.Repository ?? "")}' is malformed.");
        }

        foreach ((string field, string value) in endpoint.Headers)
        {
            if (field.Length == 0 || field.AsSpan().ContainsAnyExceptInRange('!', '~') || field.Contains(':', StringComparison.Ordinal) ||
                value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                throw new RegistryException($"The header '{Excerpt.Of(field)}' of the endpoint '{endpoint.Host}' is malformed.");
            }
        }
    }

    private RepositoryPlace Upstream(string registry, string repository, RegistryEndpoint? endpoint) => endpoint is null
        ? new RepositoryPlace(Get(registry, null), repository, (RegistryCapabilities)~0, @namespace: null)
        : Place(registry, repository, endpoint, isMirror: false);

    // The registry's credentials are for the registry, also where a file gives it another address; a mirror has its own or none.
    private RepositoryPlace Place(
        string registry, string repository, RegistryEndpoint endpoint, bool isMirror)
    {
        Check(endpoint);
        bool isItself = RegistryHost.AddressOf(registry)
            .Equals(RegistryHost.AddressOf(endpoint.Host), StringComparison.OrdinalIgnoreCase);

        return new RepositoryPlace(
            Get(isItself || !isMirror ? registry : endpoint.Host, endpoint, isMirror && !isItself),
            endpoint.Repository ?? repository,
            isMirror ? endpoint.Capabilities : (RegistryCapabilities)~0,
            isItself ? null : registry,
            isMirror ? null : $"{registry}/{repository}");
    }

    private RegistryHost Get(string registry, RegistryEndpoint? endpoint, bool isMirror = false) => _hosts.GetOrAdd(
        HostKey.Of(registry, endpoint, isMirror),
        static (_, state) => new Lazy<RegistryHost>(
            () => new RegistryHost(state.registry, state.endpoint, state.options, state.isMirror)),
        (registry, endpoint, options, isMirror)).Value;

    // Two routes to the same host share connections and tokens, unless they speak to it differently.
    private sealed record HostKey(
        string Name,
        bool IsMirror,
        string Host,
        RegistryScheme Scheme,
        string ApiPath,
        bool IsInsecure,
        RegistryCertificates? Certificates,
        TimeSpan? ConnectTimeout,
        string Headers)
    {
        public static HostKey Of(string registry, RegistryEndpoint? endpoint, bool isMirror)
        {
            string name = registry.ToLowerInvariant();
            return endpoint is null
                ? new HostKey(name, isMirror, name, RegistryScheme.Automatic, "/v2/", false, null, null, "")
                : new HostKey(
                    name,
                    isMirror,
                    endpoint.Host.ToLowerInvariant(),
                    endpoint.Scheme,
                    endpoint.ApiPath,
                    endpoint.IsInsecure,
                    endpoint.Certificates,
                    endpoint.ConnectTimeout,
                    string.Join('\n', endpoint.Headers.OrderBy(header => header.Key, StringComparer.Ordinal)
                        .Select(header => $"{header.Key}:{header.Value}")));
        }
    }
}
