using OciImage.Registry.Http;

namespace OciImage.Registry.Routing;

/// <summary>Asks the places of one repository in order: mirrors that are well, then the registry itself.</summary>
/// <remarks>A mirror is asked once and never waited for: whatever it says or fails to say, there is another place to ask.</remarks>
internal sealed class RepositoryRouter(HostDirectory hosts, string registry, string repository)
{
    private RepositoryRoute? _route;
    private RepositoryPlace? _resolver;

    public string Registry => registry;

    public string Repository => repository;

    /// <summary>Gets the registry itself: what is written, listed and deleted concerns nobody else.</summary>
    public async ValueTask<RepositoryPlace> UpstreamAsync(CancellationToken cancellationToken) =>
        (await RouteAsync(cancellationToken).ConfigureAwait(false)).Upstream;

    /// <summary>Gets the registry itself, or <see langword="null"/> where it must not be asked.</summary>
    public async ValueTask<RepositoryPlace?> TryUpstreamAsync(CancellationToken cancellationToken) =>
        await RouteAsync(cancellationToken).ConfigureAwait(false) is { BlockedBecause: null } route ? route.Registry : null;

    /// <summary>Reads from the first place that has it.</summary>
    /// <param name="wanted">What the place must offer: <see cref="RegistryCapabilities.Pull"/> or <see cref="RegistryCapabilities.Resolve"/>.</param>
    /// <param name="read">Reads from a place; told whether it is the last one, which alone is worth asking again.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <param name="avoided">Mirrors that are left out, or <see langword="null"/>.</param>
    public async ValueTask<T> ReadAsync<T>(
        RegistryCapabilities wanted,
        Func<RepositoryPlace, bool, CancellationToken, ValueTask<T>> read,
        CancellationToken cancellationToken,
        IReadOnlySet<RepositoryPlace>? avoided = null)
    {
        RepositoryRoute route = await RouteAsync(cancellationToken).ConfigureAwait(false);
        List<OciException>? failures = null;
        foreach (RepositoryPlace mirror in route.Mirrors)
        {
            if (!Offers(mirror, wanted) || !IsWell(mirror.Host) || avoided?.Contains(mirror) == true)
            {
                continue;
            }

            try
            {
                T value = await read(mirror, false, cancellationToken).ConfigureAwait(false);
                mirror.Host.Health.Succeed();
                if (wanted.HasFlag(RegistryCapabilities.Resolve))
                {
                    _resolver = mirror;
                }

                return value;
            }
            catch (OciException exception)
            {
                if (IsIll(exception))
                {
                    mirror.Host.Health.Fail();
                }

                (failures ??= []).Add(exception);
            }
        }

        try
        {
            return await read(route.Upstream, true, cancellationToken).ConfigureAwait(false);
        }
        catch (RegistryException exception) when (failures is not null)
        {
            exception.MirrorFailures = failures;
            throw;
        }
        catch (ContentNotFoundException exception) when (failures is not null)
        {
            exception.MirrorFailures = failures;
            throw;
        }
    }

    private static bool IsWell(RegistryHost host) => host.Health.IsGood && !host.Pace.IsQuiet;

    // What a mirror lacks or does not show to strangers says nothing about its health.
    private static bool IsIll(OciException exception) => exception switch
    {
        RegistryException { StatusCode: { } status } => (int)status >= 500 || RegistryFault.IsTransient(status),
        ContentNotFoundException => false,
        _ => true,
    };

    private bool Offers(RepositoryPlace place, RegistryCapabilities wanted) =>
        (place.Capabilities & wanted) != 0 ||
        (wanted.HasFlag(RegistryCapabilities.Pull) && place.Capabilities.HasFlag(RegistryCapabilities.PullResolved) &&
            ReferenceEquals(place, _resolver));

    private async ValueTask<RepositoryRoute> RouteAsync(CancellationToken cancellationToken) =>
        _route ??= await hosts.GetRouteAsync(registry, repository, cancellationToken).ConfigureAwait(false);
}
