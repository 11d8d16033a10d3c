using OciImage.Registry;

namespace OciImage.Interop.Tests.Registry;

/// <summary>Sends everything to one place.</summary>
internal sealed class FixedRoute(RegistryEndpoint endpoint) : IRegistryHostProvider
{
    public ValueTask<RegistryRoute?> GetRouteAsync(
        string registry, string repository, CancellationToken cancellationToken = default) =>
        new(new RegistryRoute { Upstream = endpoint });
}
