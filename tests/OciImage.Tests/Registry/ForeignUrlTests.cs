using System.Text;
using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

/// <summary>Blobs at other places: URLs in descriptors (M15), redirects that want tokens (registry-behaviours 7), data in descriptors.</summary>
public sealed class ForeignUrlTests
{
    private const string Text = "content of a layer";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenRead_FetchesFromAUrlWhatTheRegistryLacksWithoutItsCredential()
    {
        await using ScriptedRegistry elsewhere = await ScriptedRegistry.StartAsync(context => context.Response.WriteAsync(Text));
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(Missing);
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "secret"));

        string read = await ReadAsync(client, registry, $"http://{elsewhere.Host}/layer?signed=1");

        Assert.Equal(Text, read);
        Assert.Null(Assert.Single(elsewhere.Requests).Authorization);
    }

    [Fact]
    public async Task OpenRead_TellsAUrlNoPasswordThatItAsksFor()
    {
        await using ScriptedRegistry elsewhere = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"give\"";
            return Task.CompletedTask;
        });
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(Missing);
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "secret"));

        await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(client, registry, $"http://{elsewhere.Host}/layer"));

        Assert.All(elsewhere.Requests, request => Assert.Null(request.Authorization));
    }

    [Fact]
    public async Task OpenRead_TellsTheRegistrysOwnUrlNoPasswordEither()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = context.Request.Headers.Authorization.Count == 0 ? 401 : 404;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"give\"";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "secret"));

        await Assert.ThrowsAnyAsync<OciException>(() => ReadAsync(client, registry, $"http://{registry.Host}/other/place"));

        Assert.All(registry.Requests.Where(request => request.Path == "/other/place"), request => Assert.Null(request.Authorization));
        Assert.Contains(registry.Requests, request => request.Path == "/other/place");
    }

    [Theory]
    [InlineData("file:///etc/hostname")]
    [InlineData("gopher://127.0.0.1/")]
    [InlineData("http://user:password@127.0.0.1:1/x")]
    [InlineData("relative/path")]
    public async Task OpenRead_RefusesAUrlThatIsNone(string url)
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(Missing);
        using RegistryClient client = RegistryFixture.CreateClient();

        var error = await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(client, registry, url));

        Assert.Contains("refused", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("password", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://10.0.0.1/x")]
    [InlineData("http://[::ffff:127.0.0.1]/x")]
    [InlineData("http://2130706433/x")] // 127.0.0.1
    [InlineData("http://localhost./x")]
    public void ResolveForeign_RefusesWhatIsMorePrivateThanTheRegistry(string url)
    {
        var policy = new OciImage.Registry.Http.OriginPolicy("registry.example", "203.0.113.7", []);

        var error = Assert.Throws<RegistryException>(() => policy.ResolveForeign(url));

        Assert.Contains("more private", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenRead_LeavesUrlsAloneWhereTheCallerWantsThat()
    {
        await using ScriptedRegistry elsewhere = await ScriptedRegistry.StartAsync(context => context.Response.WriteAsync(Text));
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(Missing);
        using var client = new RegistryClient(new RegistryOptions { Scheme = RegistryScheme.Http, FetchFromUrls = false });

        await Assert.ThrowsAsync<ContentNotFoundException>(() => ReadAsync(client, registry, $"http://{elsewhere.Host}/layer"));

        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task OpenRead_TakesDataFromTheDescriptorAndAsksNobody()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(Missing);
        using RegistryClient client = RegistryFixture.CreateClient();
        Descriptor blob = RegistryFixture.Blob(Text) with { Data = Encoding.UTF8.GetBytes(Text) };

        await using ContentStream stream = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(blob, Token);

        Assert.Equal(Text, Encoding.UTF8.GetString(await stream.ReadToEndAsync(1000, Token)));
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public async Task Redirect_ToAPlaceThatWantsATokenGetsOneOfItsOwn()
    {
        ScriptedRegistry? self = null;
        await using ScriptedRegistry storage = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                await context.Response.WriteAsync("""{"token":"storage-token"}""");
                return;
            }

            if (context.Request.Headers.Authorization != "Bearer storage-token")
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{self!.Host}/token\",scope=\"blob\"";
                return;
            }

            await context.Response.WriteAsync(Text);
        });
        self = storage;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"http://{storage.Host}/layer";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "secret"));

        string first = await ReadAsync(client, registry);
        string second = await ReadAsync(client, registry);

        Assert.Equal((Text, Text), (first, second));
        Assert.All(registry.Requests, request => Assert.Null(request.Authorization)); // not taken for the registry's
        Assert.DoesNotContain(storage.Requests, request => request.Authorization?.StartsWith("Basic", StringComparison.Ordinal) == true);
        Assert.Equal(2, storage.Requests.Count(request => request.Path.StartsWith("/token", StringComparison.Ordinal))); // kept nowhere
    }

    private static Task Missing(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return Task.CompletedTask;
    }

    private static async Task<string> ReadAsync(RegistryClient client, ScriptedRegistry registry, params string[] urls)
    {
        await using ContentStream stream = await client.GetRepository(registry.Host, RegistryFixture.Repository)
            .OpenReadAsync(RegistryFixture.Blob(Text) with { Urls = urls }, Token);
        return Encoding.UTF8.GetString(await stream.ReadToEndAsync(1000, Token));
    }
}
