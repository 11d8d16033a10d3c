using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

public sealed class TokenTests
{
    private static readonly RegistryFixture.FixedCredentials Ann = new("ann", "hidden-secret");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"token":""}""")]
    [InlineData("""{}""")]
    [InlineData("""null""")]
    [InlineData("""["hidden-token"]""")]
    [InlineData("""{"token":"hidden-token","token":5}""")]
    [InlineData("""{"token":"a\r\nX-Injected: hidden-token"}""")] // R16
    [InlineData("<html>hidden-token</html>")]
    [InlineData("")]
    public async Task Answer_ThatIsNoTokenIsRefusedWithoutQuotingIt(string body)
    {
        await using ScriptedRegistry registry = await StartAsync(context => context.Response.WriteAsync(body));
        using RegistryClient client = RegistryFixture.CreateClient(Ann);

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await FetchAsync(client, registry));

        Assert.DoesNotContain("hidden", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, registry.Requests.Count);
    }

    [Fact]
    public async Task Answer_WithoutEndIsRefused() // R15
    {
        await using ScriptedRegistry registry = await StartAsync(async context =>
        {
            byte[] bytes = new byte[64 * 1024];
            for (int i = 0; i < 16 * 1024 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
            }
        });
        using RegistryClient client = RegistryFixture.CreateClient(Ann);

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await FetchAsync(client, registry));

        Assert.Contains("65536", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal_SaysWhoAskedAndRepeatsNoSecret()
    {
        await using ScriptedRegistry registry = await StartAsync(async context =>
        {
            context.Response.StatusCode = 401;
            await context.Response.WriteAsync(
                $$"""{"errors":[{"code":"UNAUTHORIZED","message":"not hidden-secret, {{context.Request.Headers.Authorization}}"}]}""");
        });
        using RegistryClient client = RegistryFixture.CreateClient(Ann);

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await FetchAsync(client, registry));

        Assert.Equal(HttpStatusCode.Unauthorized, error.StatusCode);
        Assert.Equal(["UNAUTHORIZED"], error.Codes);
        Assert.Contains("ann from the test", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-secret", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(registry.Requests.First(request => request.Authorization is not null).Authorization!["Basic ".Length..], error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task IdentityToken_BuysAnAccessTokenByPost()
    {
        IFormCollection? form = null;
        await using ScriptedRegistry registry = await StartAsync(async context =>
        {
            form = await context.Request.ReadFormAsync();
            await context.Response.WriteAsync("""{"access_token":"good"}""");
        });
        using RegistryClient client = RegistryFixture.CreateClient(new GivenCredential(new(null, null, IdentityToken: "refresh")));

        await FetchAsync(client, registry);

        Assert.Equal("refresh_token", form!["grant_type"]);
        Assert.Equal("refresh", form["refresh_token"]);
        Assert.Equal("a service", form["service"]);
        Assert.Equal("repository:test/app:pull", form["scope"]);
        Assert.DoesNotContain(registry.Requests, request => request.Path.Contains("refresh", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RegistryToken_IsSentAsItIsAndOnce()
    {
        await using ScriptedRegistry registry = await StartAsync(_ => throw new InvalidOperationException("No token is needed."));
        using RegistryClient good = RegistryFixture.CreateClient(new GivenCredential(new(null, null, RegistryToken: "good")));
        using RegistryClient bad = RegistryFixture.CreateClient(new GivenCredential(new(null, null, RegistryToken: "wrong-token")));

        await FetchAsync(good, registry);
        var error = await Assert.ThrowsAsync<RegistryException>(async () => await FetchAsync(bad, registry));

        Assert.Equal([null, "Bearer good", null, "Bearer wrong-token"], registry.Requests.Select(request => request.Authorization));
        Assert.DoesNotContain("wrong-token", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegistryToken_PutsNoLineIntoAHeader() // R16
    {
        await using ScriptedRegistry registry = await StartAsync(_ => Task.CompletedTask);
        using RegistryClient client = RegistryFixture.CreateClient(
            new GivenCredential(new(null, null, RegistryToken: "hidden\r\nX-Injected: 1")));

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await FetchAsync(client, registry));

        Assert.DoesNotContain("hidden", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")] // shorter than anyone may promise
    [InlineData("-5")]
    [InlineData("1e300")]
    [InlineData("null")]
    public async Task Token_OfAnOddLifetimeIsUsedAtLeastOnce(string seconds)
    {
        await using ScriptedRegistry registry = await StartAsync(
            context => context.Response.WriteAsync($$"""{"token":"good","expires_in":{{seconds}}}"""));
        using RegistryClient client = RegistryFixture.CreateClient(Ann);

        await FetchAsync(client, registry);
        await FetchAsync(client, registry);

        Assert.Equal(1, registry.Requests.Count(request => request.Path.StartsWith("/token", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Token_IsFetchedAnewBeforeItEndsAndAfterItWasRefused()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        int tokens = 0;
        string accepted = "t1";
        ScriptedRegistry? self = null;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                tokens++;
                await context.Response.WriteAsync($$"""{"token":"t{{tokens.ToString(CultureInfo.InvariantCulture)}}","expires_in":300}""");
                return;
            }

            await AnswerAsync(context, self!, context.Request.Headers.Authorization == $"Bearer {accepted}");
        });
        self = registry;
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http, MaxRetries = 0, Credentials = Ann, TimeProvider = time,
        });

        await FetchAsync(client, registry);
        accepted = "t2";
        time.Advance(TimeSpan.FromSeconds(299));
        await FetchAsync(client, registry); // ended here
        accepted = "t3";
        await FetchAsync(client, registry); // refused there

        Assert.Equal(3, tokens);
    }

    [Fact]
    public async Task Redirect_OfATokenServerCarriesTheCredentialOnlyWithinItsOrigin() // R09
    {
        await using ScriptedRegistry elsewhere = await ScriptedRegistry.StartAsync(
            context => context.Response.WriteAsync("""{"token":"good"}"""));
        await using ScriptedRegistry registry = await StartAsync(context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = context.Request.Path == "/token" ? "/token/2" : $"http://{elsewhere.Host}/token";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient(Ann);

        await FetchAsync(client, registry);

        Assert.Null(Assert.Single(elsewhere.Requests).Authorization);
        Assert.StartsWith(
            "Basic ", registry.Requests.Single(request => request.Path == "/token/2").Authorization, StringComparison.Ordinal);
    }

    // A registry that wants the token 'good', from a token server of its own.
    private static async Task<ScriptedRegistry> StartAsync(Func<HttpContext, Task> answerToken)
    {
        ScriptedRegistry? self = null;
        self = await ScriptedRegistry.StartAsync(context => context.Request.Path.StartsWithSegments("/token")
            ? answerToken(context)
            : AnswerAsync(context, self!, context.Request.Headers.Authorization == "Bearer good"));

        return self;
    }

    private static Task AnswerAsync(HttpContext context, ScriptedRegistry registry, bool isAuthorized)
    {
        if (isAuthorized)
        {
            return context.WriteManifestAsync(RegistryFixture.Manifest());
        }

        context.Response.StatusCode = 401;
        context.Response.Headers.WWWAuthenticate =
            $"Bearer realm=\"http://{registry.Host}/token\",service=\"a service\",scope=\"repository:test/app:pull\"";
        return Task.CompletedTask;
    }

    private static ValueTask<(Descriptor Descriptor, ReadOnlyMemory<byte> Bytes)> FetchAsync(
        RegistryClient client, ScriptedRegistry registry) =>
        client.GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token);

    private sealed class GivenCredential(RegistryCredential credential) : IRegistryCredentialProvider
    {
        public ValueTask<RegistryCredential?> GetCredentialAsync(
            string registry, string repository, CancellationToken cancellationToken = default) => new(credential);
    }
}
