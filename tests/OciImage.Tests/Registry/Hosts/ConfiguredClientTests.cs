using Microsoft.AspNetCore.Http;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry.Hosts;

/// <summary>A client that is told by files where to ask.</summary>
public sealed class ConfiguredClientTests : IDisposable
{
    private readonly HostsFixture _machine = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task HostsFile_SendsTheClientToTheMirrorAndThenToTheServer()
    {
        var headers = new List<string?>();
        OciDocument<ImageManifest> manifest = RegistryFixture.Manifest();
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context =>
        {
            headers.Add(context.Request.Headers["X-Mirror"]);
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(manifest));
        _machine.Write("hosts/reg.example/hosts.toml", $"""
            server = "http://{server.Host}"
            [host."http://{mirror.Host}/cache"]
            capabilities = ["pull", "resolve"]
            dial_timeout = "5s"
            [host."http://{mirror.Host}/cache".header]
            x-mirror = ["a", "b"]
            """);
        using RegistryClient client = CreateClient();

        Descriptor found = await client.GetRepository("reg.example", "team/app").ResolveAsync("v1", Token);

        Assert.Equal(manifest.Descriptor, found);
        Assert.All(mirror.Requests, request => Assert.Equal("/cache/v2/team/app/manifests/v1?ns=reg.example", request.Path));
        Assert.NotEmpty(mirror.Requests);
        Assert.All(headers, header => Assert.Equal("a, b", header));
        Assert.StartsWith("/v2/team/app/manifests/v1", server.Requests.First().Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule_MovesTheRepository()
    {
        OciDocument<ImageManifest> manifest = RegistryFixture.Manifest();
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(manifest));
        _machine.Write("registries.conf", $"[[registry]]\nprefix = \"reg.example/team\"\nlocation = \"{server.Host}/moved/here\"\ninsecure = true");
        using RegistryClient client = CreateClient();

        Descriptor found = await client.GetRepository("reg.example", "team/app").ResolveAsync("v1", Token);

        Assert.Equal(manifest.Descriptor, found);
        Assert.StartsWith("/v2/moved/here/app/manifests/v1", server.Requests.First().Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule_ForbidsTheRegistry()
    {
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(_ => Task.CompletedTask);
        _machine.Write("registries.conf", $"[[registry]]\nlocation = \"{server.Host}\"\nblocked = true");
        using RegistryClient client = CreateClient();

        var error = await Assert.ThrowsAsync<RegistryException>(
            async () => await client.GetRepository(server.Host, "team/app").ResolveAsync("v1", Token));

        Assert.Contains("is blocked by", error.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task File_ThatIsMalformedStopsTheClient()
    {
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(_ => Task.CompletedTask);
        _machine.Write("registries.conf", "nonsense");
        using RegistryClient client = CreateClient();

        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await client.GetRepository(server.Host, "team/app").ResolveAsync("v1", Token));
        Assert.Empty(server.Requests);
    }

    private RegistryClient CreateClient() => new(new RegistryOptions { Hosts = _machine.Hosts, MaxRetries = 0 });
}
