using System.Collections.Concurrent;

namespace OciImage.Registry.Hosts;

/// <summary>Routes that a program gives itself, registry by registry. Safe for use by many threads.</summary>
/// <remarks>A client that has asked for a repository keeps the answer, whatever is changed here afterwards.</remarks>
/// <param name="fallback">Who is asked about registries that have no route here, or <see langword="null"/>.</param>
public sealed class RegistryHostTable(IRegistryHostProvider? fallback = null) : IRegistryHostProvider
{
    private readonly ConcurrentDictionary<string, Func<string, RegistryRoute?>> _routes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sets the route to all repositories of a registry, in place of the one it had.</summary>
    /// <param name="registry">The registry as a user writes it, such as <c>docker.io</c>.</param>
    /// <param name="route">The route.</param>
    /// <exception cref="ArgumentException">
    /// The registry is not a host with an optional port, or the route has a place with a malformed host, path, repository or header.
    /// </exception>
    public void Set(string registry, RegistryRoute route)
    {
        string name = NameOf(registry);
        Check(route);
        _routes[name] = _ => route;
    }

    /// <summary>Sets who makes the routes to the repositories of a registry, in place of the route it had.</summary>
    /// <param name="registry">The registry as a user writes it.</param>
    /// <param name="route">
    /// Makes the route to a repository, whose name may be empty; <see langword="null"/> leaves it to the fallback. It is called by
    /// many threads, and must not make new certificates for each call.
    /// </param>
    /// <exception cref="ArgumentException">The registry is not a host with an optional port.</exception>
    public void Set(string registry, Func<string, RegistryRoute?> route)
    {
        ArgumentNullException.ThrowIfNull(route);
        _routes[NameOf(registry)] = route;
    }

    /// <summary>Removes what is known of a registry.</summary>
    /// <param name="registry">The registry as a user writes it.</param>
    /// <returns>Whether there was anything.</returns>
    /// <exception cref="ArgumentException">The registry is not a host with an optional port.</exception>
    public bool Remove(string registry) => _routes.TryRemove(NameOf(registry), out _);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// The registry is not a host with an optional port, or a route that was made has a malformed place.
    /// </exception>
    public ValueTask<RegistryRoute?> GetRouteAsync(
        string registry, string repository, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(repository);
        string name = NameOf(registry);
        if (_routes.TryGetValue(name, out Func<string, RegistryRoute?>? make) && make(repository) is { } route)
        {
            Check(route);
            return ValueTask.FromResult<RegistryRoute?>(route);
        }

        return fallback?.GetRouteAsync(registry, repository, cancellationToken) ?? ValueTask.FromResult<RegistryRoute?>(null);
    }

    private static string NameOf(string registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        return ReferenceGrammar.IsRegistry(registry)
            ? DockerHub.NameOf(registry)
            : throw new ArgumentException($"'{Excerpt.Of(registry)}' is not a host with an optional port.", nameof(registry));
    }

    private static void Check(RegistryRoute route)
    {
        ArgumentNullException.ThrowIfNull(route);
        foreach (RegistryEndpoint endpoint in route.Upstream is null ? route.Mirrors : route.Mirrors.Append(route.Upstream))
        {
            if (FaultOf(endpoint) is { } fault)
            {
                throw new ArgumentException($"The place '{Excerpt.Of(endpoint.Host)}' of a route is malformed: {fault}.", nameof(route));
            }
        }
    }

    private static string? FaultOf(RegistryEndpoint endpoint)
    {
        string fault = "";
        string path = endpoint.ApiPath;
        HostAddress? address = HostAddress.Parse($"https://{endpoint.Host}{path}", out fault);

        return
            !ReferenceGrammar.IsRegistry(endpoint.Host) ? "it is not a host with an optional port" :
            path is not ['/', ..] or not [.., '/'] ? $"the path '{Excerpt.Of(path)}' has no slash at both ends" :
            address is null ? fault :
            path.Length > 1 && path != address.Path + "/" ? $"the path '{Excerpt.Of(path)}' has empty parts or dots" :
            endpoint.Repository is { } repository && !ReferenceGrammar.IsRepository(repository) ? $"'{Excerpt.Of(repository)}' is not the name of a repository" :
            endpoint.Headers.Count > HostHeaders.MaxCount ? $"there are more than {HostHeaders.MaxCount} header fields" :
            endpoint.Headers.Select(header => HostHeaders.FaultOf(header.Key, header.Value)).FirstOrDefault(found => found is not null);
    }
}
