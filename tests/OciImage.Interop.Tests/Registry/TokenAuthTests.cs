using System.Net;
using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit;
using OciImage.TestKit.Peers;
using OciImage.TestKit.Registry;

namespace OciImage.Interop.Tests.Registry;

/// <summary>docker-registry that takes the tokens of a token server, and nothing else.</summary>
public sealed class TokenAuthTests : IDisposable
{
    private static readonly TokenUser Ann = new("ann", "hidden-secret", "repository:team/app:*", "repository:team/base:pull,push");
    private static readonly TokenUser Bob = new("bob", "hidden-secret", "repository:team/app:pull");

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("ES256", true, true)]
    [InlineData("RS256", true, true)]
    [InlineData("ES256", true, false)] // no OAuth2
    [InlineData("ES256", false, true)] // only OAuth2
    public async Task Client_PushesAndPullsWithAPassword(string algorithm, bool allowsGet, bool allowsPost)
    {
        await using TokenServer tokens = await TokenServer.StartAsync(
            new() { Users = [Ann], Algorithm = algorithm, AllowsGet = allowsGet, AllowsPost = allowsPost });
        await using DockerRegistry registry = await StartAsync(tokens);
        using RegistryClient client = CreateClient(new("ann", "hidden-secret"));

        await PushAndPullAsync(client, registry);

        Assert.Contains(tokens.Requests, request => request.StatusCode == 200);
        Assert.All(tokens.Requests, request => Assert.Equal("ann", request.User));
    }

    [Fact]
    public async Task Client_PushesAndPullsWithARefreshToken()
    {
        await using TokenServer tokens = await TokenServer.StartAsync(new() { Users = [Ann] });
        await using DockerRegistry registry = await StartAsync(tokens);
        using RegistryClient client = CreateClient(
            new(null, null, IdentityToken: tokens.IssueRefreshToken("ann")));

        await PushAndPullAsync(client, registry);

        Assert.NotEmpty(tokens.Requests);
        Assert.All(tokens.Requests, request => Assert.Equal(("POST", "refresh_token", 200), (request.Method, request.GrantType, request.StatusCode)));
    }

    [Fact]
    public async Task Copy_MountsBetweenRepositoriesOfOneRegistry()
    {
        await using TokenServer tokens = await TokenServer.StartAsync(new() { Users = [Ann] });
        await using DockerRegistry registry = await StartAsync(tokens);
        await using var counter = new CuttingProxy(registry.Host);
        using RegistryClient client = CreateClient(new("ann", "hidden-secret"));
        RepositoryClient from = client.GetRepository(counter.Host, "team/base");
        RepositoryClient to = client.GetRepository(counter.Host, "team/app");
        GeneratedContent layer = await GeneratedContent.CreateAsync(1, 2_000_000, MediaTypes.Layer);
        await from.PushAsync(layer.Descriptor, layer, Cancelled);
        await from.PushAsync(Descriptor.Empty, ReplayableContent.FromBytes("{}"u8.ToArray()), Cancelled);
        Descriptor manifest = await TestContent.PushManifestAsync(from, Descriptor.Empty, [layer.Descriptor]);
        long before = counter.BytesToServer + counter.BytesToClient;

        await ContentCopy.CopyGraphAsync(from, to, manifest, "v1", cancellationToken: Cancelled);

        long moved = counter.BytesToServer + counter.BytesToClient - before;
        Assert.InRange(moved, 1, layer.Descriptor.Size / 2);
        Assert.True(await to.ExistsAsync(layer.Descriptor, Cancelled));
        Assert.Contains(
            tokens.Requests,
            request => request.Scopes.Contains("repository:team/base:pull") &&
                request.Scopes.Any(scope => scope.StartsWith("repository:team/app:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Push_OutlivesATokenThatEndsSoonerThanWasSaid()
    {
        // docker-registry adds 60 seconds: these tokens live for two seconds, and are said to live for five minutes.
        DateTimeOffset start = TimeProvider.System.GetUtcNow();
        await using TokenServer tokens = await TokenServer.StartAsync(new()
        {
            Users = [Ann],
            Lifetime = TimeSpan.FromSeconds(-58),
            StatedLifetime = TimeSpan.FromMinutes(5),
        });
        await using DockerRegistry registry = await StartAsync(tokens);
        using RegistryClient client = CreateClient(new("ann", "hidden-secret"));
        RepositoryClient repository = client.GetRepository(registry.Host, "team/app");
        GeneratedContent first = await GeneratedContent.CreateAsync(1, 300_000);
        GeneratedContent second = await GeneratedContent.CreateAsync(2, 300_000);
        await repository.PushAsync(first.Descriptor, first, Cancelled);
        int before = tokens.Requests.Count;

        // The content comes when the token of its upload session has ended.
        await repository.PushAsync(second.Descriptor, new LateContent(second, start.AddSeconds(4)), Cancelled);
        await repository.PushAsync(Descriptor.Empty, ReplayableContent.FromBytes("{}"u8.ToArray()), Cancelled);
        Descriptor manifest = await TestContent.PushManifestAsync(repository, Descriptor.Empty, [first.Descriptor, second.Descriptor]);

        Assert.True(await repository.ExistsAsync(manifest, Cancelled));
        Assert.True(await repository.ExistsAsync(second.Descriptor, Cancelled));
        Assert.True(tokens.Requests.Count > before, "No new token was fetched.");
    }

    [Fact]
    public async Task Push_WithoutTheScopeSaysWhoMayNot()
    {
        await using TokenServer tokens = await TokenServer.StartAsync(new() { Users = [Ann, Bob] });
        await using DockerRegistry registry = await StartAsync(tokens);
        using RegistryClient client = CreateClient(new("bob", "hidden-secret") { Source = "the test" });
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, "scope");

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await ContentCopy.CopyGraphAsync(
            source, client.GetRepository(registry.Host, "team/app"), image, "v1", cancellationToken: Cancelled));

        Assert.True(error.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, error.Message);
        Assert.Contains("bob from the test", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(CopySide.Target, CopyFailure.GetSide(error));
    }

    [Fact]
    public async Task Client_WithAWrongPasswordIsToldSo()
    {
        await using TokenServer tokens = await TokenServer.StartAsync(new() { Users = [Ann] });
        await using DockerRegistry registry = await StartAsync(tokens);
        using RegistryClient client = CreateClient(new("ann", "hidden-mistake") { Source = "the test" });

        var error = await Assert.ThrowsAsync<RegistryException>(
            async () => await client.GetRepository(registry.Host, "team/app").ResolveAsync("v1", Cancelled));

        Assert.Equal(HttpStatusCode.Unauthorized, error.StatusCode);
        Assert.Contains("ann from the test", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_PullsAsAnybodyWhatAnybodyMay()
    {
        await using TokenServer tokens = await TokenServer.StartAsync(
            new() { Users = [Ann], AnonymousScopes = ["repository:team/app:pull"] });
        await using DockerRegistry registry = await StartAsync(tokens);
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, "anybody");
        var options = new RegistryOptions { PushCredentials = new FixedCredential(new("ann", "hidden-secret")) };
        using (var owner = new RegistryClient(options))
        {
            await ContentCopy.CopyGraphAsync(
                source, owner.GetRepository(registry.Host, "team/app"), image, "v1", cancellationToken: Cancelled);
        }

        using var anybody = new RegistryClient(new RegistryOptions());
        var pulled = new MemoryStore();
        await ContentCopy.CopyGraphAsync(
            anybody.GetRepository(registry.Host, "team/app"), pulled, image, cancellationToken: Cancelled);

        Assert.True(await pulled.ExistsAsync(image, Cancelled));
        Assert.Null(tokens.Requests.Last().User);
        Assert.Contains(tokens.Requests, request => request.User == "ann");
    }

    private static RegistryClient CreateClient(RegistryCredential credential) =>
        new(new RegistryOptions { Credentials = new FixedCredential(credential) });

    private static async Task PushAndPullAsync(RegistryClient client, DockerRegistry registry)
    {
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, "tokens");
        RepositoryClient repository = client.GetRepository(registry.Host, "team/app");
        await ContentCopy.CopyGraphAsync(source, repository, image, "v1", cancellationToken: Cancelled);
        var pulled = new MemoryStore();
        Descriptor found = await repository.ResolveAsync("v1", Cancelled);
        await ContentCopy.CopyGraphAsync(repository, pulled, found, cancellationToken: Cancelled);

        Assert.Equal(image.Digest, found.Digest);
        Assert.True(await pulled.ExistsAsync(image, Cancelled));
    }

    private Task<DockerRegistry> StartAsync(TokenServer tokens) => DockerRegistry.StartAsync(
        _directory.CreateDirectory("registry"), new DockerRegistrySettings { Tokens = tokens });

    /// <summary>Content that nobody gets before a certain time, whenever it is asked for.</summary>
    private sealed class LateContent(ReplayableContent inner, DateTimeOffset notBefore) : ReplayableContent
    {
        public override async ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default)
        {
            TimeSpan rest = notBefore - TimeProvider.System.GetUtcNow();
            await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, cancellationToken);

            return await inner.OpenAsync(offset, cancellationToken);
        }
    }
}
