using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OciImage.Content;

namespace OciImage.Server;

/// <summary>Adds a registry to an application.</summary>
public static class RegistryEndpoints
{
    /// <summary>Maps <c>/v2/</c> and all below it to repositories.</summary>
    /// <remarks>
    /// Blobs may have any size: the server's limit for request bodies is lifted on uploads, and only there. Uploads that
    /// rest for too long are removed until the application stops.
    /// </remarks>
    /// <param name="endpoints">The application, or a group of it with a prefix.</param>
    /// <param name="repositories">The repositories that are served.</param>
    /// <param name="options">The options, copied, or <see langword="null"/> for the defaults.</param>
    /// <returns>What further conventions are added to.</returns>
    public static IEndpointConventionBuilder MapOciRegistry(
        this IEndpointRouteBuilder endpoints, IRepositoryProvider repositories, RegistryServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(repositories);
        var dispatcher = new RegistryDispatcher(repositories, options);
        endpoints.ServiceProvider.GetService<IHostApplicationLifetime>()?.ApplicationStopped.Register(
            () => _ = dispatcher.DisposeAsync().AsTask());

        return dispatcher.Map(endpoints);
    }
}
