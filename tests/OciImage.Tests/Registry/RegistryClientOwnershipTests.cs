using System.Net;
using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Registry;
using OciImage.Registry.Hosts;
using OciImage.TestKit;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

/// <summary>What a client owns, what stays its caller's, and that many threads may use it.</summary>
public sealed class RegistryClientOwnershipTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Handler_IsTheCallersAndCarriesEverything()
    {
        using var handler = new AnsweringHandler();
        var options = new RegistryOptions { Handler = handler, Scheme = RegistryScheme.Https };

        using (var client = new RegistryClient(options))
        {
            await client.GetRepository("registry.example", "test/app").ExistsAsync(RegistryFixture.Blob("x"), Token);
        }

        Assert.Equal(new Uri("https://registry.example/v2/test/app/blobs/" + RegistryFixture.Blob("x").Digest), handler.Asked.Single());
        Assert.False(handler.IsDisposed);
    }

    [Fact]
    public async Task Client_IsForManyThreads()
    {
        int asked = 0;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return context.Response.WriteAsync("content", Token);
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        await Parallel.ForAsync(0, 100, Token, async (_, token) =>
        {
            await using ContentStream stream = await repository.OpenReadAsync(RegistryFixture.Blob("content"), token);
            await stream.CompleteAsync(token);
        });

        Assert.Equal(100, asked);
    }

    [Fact]
    public async Task FromSystem_FollowsTheFilesThatAreNamed()
    {
        using var directory = new TemporaryDirectory();
        await using ScriptedRegistry elsewhere = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = context.Request.Headers.Authorization.Count > 0 ? 200 : 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
            context.Response.ContentLength = context.Response.StatusCode == 200 ? RegistryFixture.Blob("x").Size : 0;
            return Task.CompletedTask;
        });
        string registries = directory.WriteFile(
            "registries.conf",
            $"[[registry]]\nprefix = \"registry.example\"\nlocation = \"{elsewhere.Host}\"\n");
        string login = directory.WriteFile("auth.json", """{"auths":{"registry.example":{"auth":"YW5uOnNlY3JldA=="}}}""");
        var credentials = new SystemCredentialsOptions();
        credentials.Files.Add(login);
        RegistryOptions options = RegistryOptions.FromSystem(
            new SystemRegistryHostsOptions { RegistriesFiles = [registries] }, credentials);
        options.Scheme = RegistryScheme.Http;
        using var client = new RegistryClient(options);

        bool exists = await client.GetRepository("registry.example", "test/app").ExistsAsync(RegistryFixture.Blob("x"), Token);

        Assert.True(exists);
    }

    [Fact]
    public void FromSystem_ReadsNothingYet()
    {
        RegistryOptions options = RegistryOptions.FromSystem(
            new SystemRegistryHostsOptions { RequiredRegistriesFiles = ["/nonexistent/registries.conf"] }, new SystemCredentialsOptions());

        Assert.NotNull(options.Hosts);
        Assert.NotNull(options.Credentials);
    }

    private sealed class AnsweringHandler : HttpMessageHandler
    {
        public List<Uri> Asked { get; } = [];

        public bool IsDisposed { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Add(request.RequestUri!);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.NotFound) { RequestMessage = request });
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
