using System.Text;
using Microsoft.AspNetCore.Http;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

/// <summary>A credential goes to the registry it is for, and to the token server that registry names; nowhere else.</summary>
public sealed class CredentialSafetyTests
{
    private static readonly RegistryFixture.FixedCredentials Ann = new("ann", "secret");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Basic_IsSentWhenItIsAskedForAndThenAtOnce()
    {
        string expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ann:secret"));
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            if (context.Request.Headers.Authorization != expected)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = "BASIC realm=\"test\"";
                return Task.CompletedTask;
            }

            return context.WriteManifestAsync(RegistryFixture.Manifest());
        });
        using RegistryClient client = RegistryFixture.CreateClient(Ann);
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        await repository.FetchManifestAsync("v1", Token);
        await repository.FetchManifestAsync("v1", Token);

        Assert.Equal([null, expected, expected], registry.Requests.Select(request => request.Authorization));
    }

    [Fact]
    public async Task Bearer_IsFetchedOnceForManyRequests()
    {
        int fetched = 0;
        ScriptedRegistry? self = null;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                Interlocked.Increment(ref fetched);
                Assert.Equal("repository:test/app:pull", context.Request.Query["scope"]);
                Assert.Equal("the service", context.Request.Query["service"]);
                await context.Response.WriteAsync("""{"token":"t1","expires_in":300}""");
                return;
            }

            if (context.Request.Headers.Authorization != "Bearer t1")
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate =
                    $"Bearer realm=\"http://{self!.Host}/token\",service=\"the service\",scope=\"repository:test/app:pull\"";
                return;
            }

            await context.WriteManifestAsync(RegistryFixture.Manifest());
        });
        self = registry;
        using RegistryClient client = RegistryFixture.CreateClient(Ann);
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => repository.FetchManifestAsync("v1", Token).AsTask()));
        await repository.FetchManifestAsync("v1", Token);

        Assert.Equal(1, fetched);
    }

    [Fact]
    public async Task Challenge_CannotAskForAnotherRepositoryOrForMore() // R17
    {
        string? asked = null;
        ScriptedRegistry? self = null;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                asked = context.Request.QueryString.Value;
                await context.Response.WriteAsync("""{"access_token":"t1"}""");
                return;
            }

            if (context.Request.Headers.Authorization.Count == 0)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate =
                    $"Bearer realm=\"http://{self!.Host}/token\",scope=\"repository:other/secret:pull repository:test/app:pull,push,delete\"";
                return;
            }

            await context.WriteManifestAsync(RegistryFixture.Manifest());
        });
        self = registry;
        using RegistryClient client = RegistryFixture.CreateClient(Ann);

        await client.GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token);

        Assert.DoesNotContain("other", asked, StringComparison.Ordinal);
        Assert.DoesNotContain("push", asked, StringComparison.Ordinal);
        Assert.Contains("scope=repository%3Atest%2Fapp%3Apull", asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_CarriesNoCredentialAndItsChallengeIsIgnored() // R11
    {
        Descriptor blob = RegistryFixture.Blob("content");
        await using ScriptedRegistry storage = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"give it to me\"";
            return Task.CompletedTask;
        });
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            if (context.Request.Headers.Authorization.Count == 0)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
                return Task.CompletedTask;
            }

            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"http://{storage.Host}/blob?signature=s";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient(Ann);

        await Assert.ThrowsAsync<RegistryException>(async () =>
            await client.GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(blob, Token));

        Assert.All(storage.Requests, request => Assert.Null(request.Authorization));
    }

    [Fact]
    public async Task Redirects_AreBounded() // R14
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = context.Request.Path + "?again";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        await Assert.ThrowsAsync<RegistryException>(async () =>
            await client.GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token));

        Assert.True(registry.Requests.Count <= 11);
    }

    [Theory]
    [InlineData("file:///etc/passwd")] // R06
    [InlineData("gopher://127.0.0.1/x")] // R06
    [InlineData("http://user:password@127.0.0.1/token")]
    public async Task Realm_OfAnotherKindIsRefused(string realm)
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{realm}\",service=\"s\"";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient(Ann);

        var error = await Assert.ThrowsAsync<RegistryException>(async () =>
            await client.GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token));

        Assert.Contains("token realm", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("password", error.Message, StringComparison.Ordinal);
    }
}
