using System.Net;
using OciImage.Content;

namespace OciImage.Server.Tests;

public sealed class RegistryServerTests
{
    [Theory]
    [InlineData("/v2/")]
    [InlineData("/v2")]
    public async Task Ping_SaysThatThereIsARegistry(string path)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        using HttpResponseMessage response = await registry.SendAsync("GET", path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("registry/2.0", response.Headers.GetValues("Docker-Distribution-API-Version").Single());
        Assert.Equal("{}", await response.Content.ReadAsStringAsync(TestRegistry.Cancelled));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task StartAsync_TakesAFreePortAndNamesIt()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), cancellationToken: TestRegistry.Cancelled);

        Assert.StartsWith("127.0.0.1:", server.Host);
        Assert.NotEqual(0, server.Address.Port);
        Assert.Equal($"http://{server.Host}/", server.Address.ToString());
    }

    [Theory]
    [InlineData("127.0.0.1")] // no port
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.0.0.1:65536")]
    [InlineData(":5000")] // which address that is nobody says
    [InlineData("example.com:5000")]
    [InlineData("::1:5000")] // ambiguous without brackets
    [InlineData("[127.0.0.1]:0")]
    public async Task StartAsync_RefusesWhatIsNoAddress(string listen)
    {
        await Assert.ThrowsAsync<FormatException>(() => RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), listen, cancellationToken: TestRegistry.Cancelled).AsTask());
    }

    [Fact]
    public async Task StartAsync_RefusesAnAddressThatIsTaken()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), cancellationToken: TestRegistry.Cancelled);

        await Assert.ThrowsAsync<IOException>(() => RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), server.Host, cancellationToken: TestRegistry.Cancelled).AsTask());
    }

    [Fact]
    public async Task StartAsync_RefusesNoRepositories()
    {
        await Assert.ThrowsAsync<ArgumentNullException>(
            () => RegistryServer.StartAsync(null!, cancellationToken: TestRegistry.Cancelled).AsTask());
    }

    [Fact]
    public async Task WaitForShutdownAsync_EndsWithTheServer()
    {
        RegistryServer server = await RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), cancellationToken: TestRegistry.Cancelled);
        Task waiting = server.WaitForShutdownAsync(TestRegistry.Cancelled);
        bool early = waiting.IsCompleted;

        await server.DisposeAsync();
        await server.DisposeAsync();

        await waiting;
        Assert.False(early);
    }

    [Fact]
    public async Task WaitForShutdownAsync_EndsWithItsToken()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), cancellationToken: TestRegistry.Cancelled);
        using var source = new CancellationTokenSource();
        Task waiting = server.WaitForShutdownAsync(source.Token);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Theory]
    [InlineData("POST", "/v2/a/blobs/uploads/")]
    [InlineData("PUT", "/v2/a/manifests/latest")]
    [InlineData("DELETE", "/v2/a/manifests/latest")]
    [InlineData("DELETE", "/v2/a/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public async Task ReadOnly_RefusesEveryChange(string method, string path)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(new RegistryServerOptions { ReadOnly = true });

        using HttpResponseMessage response = await registry.SendAsync(method, path);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.MethodNotAllowed, "DENIED", response);
        Assert.Empty(await registry.Repositories.ListAsync(TestRegistry.Cancelled).ToListAsync(TestRegistry.Cancelled));
    }

    [Theory]
    [InlineData("PATCH", "/v2/", "GET, HEAD")]
    [InlineData("POST", "/v2/_catalog", "GET, HEAD")]
    [InlineData("POST", "/v2/a/manifests/latest", "GET, HEAD, PUT, DELETE")]
    [InlineData("GET", "/v2/a/blobs/uploads/", "POST")]
    [InlineData("BREW", "/v2/a/tags/list", "GET, HEAD")]
    public async Task OtherMethods_AreNamedAsNotAllowed(string method, string path, string allowed)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        using HttpResponseMessage response = await registry.SendAsync(method, path);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.MethodNotAllowed, "UNSUPPORTED", response);
        Assert.Equal(allowed, string.Join(", ", response.Content.Headers.Allow));
    }
}
