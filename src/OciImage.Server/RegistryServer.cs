#pragma warning disable // Stub: replaced by its owner.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using OciImage.Content;
namespace OciImage.Server;

public sealed class RegistryServerOptions
{
    public bool ReadOnly { get; set; }
    public int MaxManifestSize { get; set; } = 4 * 1024 * 1024;
}

public static class RegistryEndpoints
{
    /// <summary>Maps /v2/… onto an application.</summary>
    public static IEndpointConventionBuilder MapOciRegistry(this IEndpointRouteBuilder endpoints, IRepositoryProvider repositories, RegistryServerOptions? options = null) => throw new NotImplementedException();
}

/// <summary>A registry of its own on a loopback port: quick start, tests, ocimg serve.</summary>
public sealed class RegistryServer : IAsyncDisposable
{
    private RegistryServer() { }
    /// <summary>The address that was bound, such as 127.0.0.1:5000.</summary>
    public string Host => throw new NotImplementedException();
    public Uri Address => throw new NotImplementedException();
    public static ValueTask<RegistryServer> StartAsync(IRepositoryProvider repositories, string listen = "127.0.0.1:0", RegistryServerOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public Task WaitForShutdownAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
