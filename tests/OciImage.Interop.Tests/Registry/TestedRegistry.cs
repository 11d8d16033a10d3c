using OciImage.Content;
using OciImage.Layout;
using OciImage.Server;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Registry;

/// <summary>One of the registries that our client is tested against, by name.</summary>
internal sealed class TestedRegistry : IAsyncDisposable
{
    /// <summary>Our own registry, which has the referrers API and keeps uploads that break off.</summary>
    public const string Embedded = "embedded";

    /// <summary>Debian's docker-registry, which has neither.</summary>
    public const string Docker = "docker-registry";

    private readonly IAsyncDisposable _registry;

    private TestedRegistry(IAsyncDisposable registry, string host)
    {
        _registry = registry;
        Host = host;
    }

    public string Host { get; }

    public static async Task<TestedRegistry> StartAsync(string name, TemporaryDirectory directory)
    {
        string storage = directory.CreateDirectory($"registry-{Guid.NewGuid():N}");
        if (name == Docker)
        {
            DockerRegistry docker = await DockerRegistry.StartAsync(storage);
            return new TestedRegistry(docker, docker.Host);
        }

        RegistryServer server = await StartEmbeddedAsync(storage);
        return new TestedRegistry(server, server.Host);
    }

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    // Kept on disk, since the blobs of some tests are large.
    private static ValueTask<RegistryServer> StartEmbeddedAsync(string storage)
    {
        IRepositoryProvider repositories = new LayoutRepositoryProvider(storage, new OciLayoutOptions { Durability = Durability.None });
        return RegistryServer.StartAsync(repositories, cancellationToken: TestContext.Current.CancellationToken);
    }
}
