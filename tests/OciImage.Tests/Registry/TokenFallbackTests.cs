using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using OciImage.Content;
using OciImage.Registry;
using OciImage.Registry.Auth;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

/// <summary>Token servers and registries that want it another way than the first one tried (docs/registry.md, "Tokens").</summary>
public sealed class TokenFallbackTests
{
    private static readonly OciDocument<ImageManifest> Manifest = RegistryFixture.Manifest();
    private static readonly RegistryCredential Ann = new("ann", "secret");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(404)]
    [InlineData(405)]
    public async Task Password_GoesByPostWhereTheServerTakesNoGet(int status)
    {
        IFormCollection? form = null;
        await using TokenRegistry registry = await TokenRegistry.StartAsync(async context =>
        {
            if (context.Request.Method == "GET")
            {
                context.Response.StatusCode = status;
                return;
            }

            form = await context.Request.ReadFormAsync();
            await context.Response.WriteAsync("""{"access_token":"good"}""");
        });

        await registry.FetchAsync(Ann);

        Assert.Equal(("password", "ann", "secret"), ((string?)form!["grant_type"], (string?)form["username"], (string?)form["password"]));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(415)]
    public async Task IdentityToken_GoesByGetWhereTheServerTakesNoPost(int status)
    {
        await using TokenRegistry registry = await TokenRegistry.StartAsync(async context =>
        {
            if (context.Request.Method == "POST")
            {
                context.Response.StatusCode = status;
                return;
            }

            Assert.StartsWith("Basic ", context.Request.Headers.Authorization, StringComparison.Ordinal);
            await context.Response.WriteAsync("""{"token":"good"}""");
        });

        await registry.FetchAsync(new RegistryCredential(null, null, IdentityToken: "identity"));

        Assert.Equal(["POST", "GET"], registry.TokenRequests.Select(request => request.Method));
    }

    [Fact]
    public async Task Password_ThatIsWrongIsNotTriedTheOtherWay()
    {
        await using TokenRegistry registry = await TokenRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });

        await Assert.ThrowsAsync<RegistryException>(() => registry.PushAsync(Ann));

        Assert.DoesNotContain(registry.TokenRequests, request => request.Method == "POST");
    }

    [Fact]
    public async Task RefreshToken_IsUsedForTheNextTokenAndForgottenWhenItEnds()
    {
        var grants = new List<string>();
        await using TokenRegistry registry = await TokenRegistry.StartAsync(async context =>
        {
            if (context.Request.Method == "GET")
            {
                grants.Add("password");
                await context.Response.WriteAsync("""{"token":"good","refresh_token":"r1"}""");
                return;
            }

            IFormCollection form = await context.Request.ReadFormAsync();
            grants.Add($"{form["grant_type"]} {form["refresh_token"]}");
            context.Response.StatusCode = 400;
        });

        await registry.FetchAsync(Ann, "one/app");
        await registry.FetchAsync(Ann, "two/app");
        await registry.FetchAsync(Ann, "three/app");

        Assert.Equal(["password", "refresh_token r1", "password", "refresh_token r1", "password"], grants);
    }

    [Fact]
    public async Task Credential_ThatTheTokenServerRefusesDoesNotHideWhatIsPublic()
    {
        await using TokenRegistry registry = await TokenRegistry.StartAsync(context =>
        {
            if (context.Request.Headers.Authorization.Count > 0)
            {
                context.Response.StatusCode = 401;
                return Task.CompletedTask;
            }

            return context.Response.WriteAsync("""{"token":"good"}""");
        });

        await registry.FetchAsync(Ann);
        var error = await Assert.ThrowsAsync<RegistryException>(() => registry.PushAsync(Ann));

        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, error.StatusCode); // writing needs it to be right
    }

    [Fact]
    public async Task PushCredentials_AreForWhatWritesAlone()
    {
        var seen = new List<string>();
        await using TokenRegistry registry = await TokenRegistry.StartAsync(context =>
        {
            seen.Add($"{context.Request.Query["account"]} {context.Request.Query["scope"]}");
            return context.Response.WriteAsync("""{"token":"good"}""");
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http,
            Credentials = new RegistryFixture.FixedCredentials("reader", "secret"),
            PushCredentials = new RegistryFixture.FixedCredentials("writer", "secret"),
        });
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        await repository.FetchManifestAsync("1", Token);
        await repository.PushAsync(Manifest.Descriptor, ReplayableContent.FromBytes(Manifest.Bytes), "1", Token);

        Assert.Equal(["reader repository:test/app:pull", "writer repository:test/app:pull,push"], seen);
    }

    [Fact]
    public async Task Token_ThatAllowsMoreServesWhatNeedsLess()
    {
        await using TokenRegistry registry = await TokenRegistry.StartAsync(
            context => context.Response.WriteAsync("""{"token":"good"}"""));
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        await repository.PushAsync(Manifest.Descriptor, ReplayableContent.FromBytes(Manifest.Bytes), "1", Token);
        await repository.FetchManifestAsync("1", Token);

        Assert.Single(registry.TokenRequests);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)] // RFC 6750 says 403
    public async Task Token_ThatIsTooNarrowIsFetchedAnewWithTheScopeDemanded(int status)
    {
        var scopes = new List<string>();
        await using TokenRegistry registry = await TokenRegistry.StartAsync(context =>
        {
            scopes.Add(context.Request.Query["scope"]!);
            return context.Response.WriteAsync($$"""{"token":"{{(scopes.Count == 1 ? "narrow" : "good")}}"}""");
        });
        registry.Refuse = context =>
        {
            bool isNarrow = context.Request.Headers.Authorization == "Bearer narrow";
            context.Response.StatusCode = isNarrow ? status : 401;
            return $",scope=\"repository:test/app:{(isNarrow ? "push,pull" : "pull")}\"{(isNarrow ? ",error=\"insufficient_scope\"" : "")}";
        };

        await registry.PushAsync(null);

        Assert.Equal(["repository:test/app:pull,push", "repository:test/app:push,pull"], scopes); // the demand first
    }

    [Fact]
    public async Task Token_ThatIsGoneBeforeItIsUsedIsFetchedAgain()
    {
        var time = new FakeTimeProvider();
        int fetched = 0;
        await using TokenRegistry registry = await TokenRegistry.StartAsync(context =>
        {
            // It ends while it is on its way, so that the request goes out again without one.
            time.Advance(++fetched == 1 ? TimeSpan.FromMinutes(2) : TimeSpan.Zero);
            return context.Response.WriteAsync("""{"token":"good"}""");
        });
        using var client = new RegistryClient(new RegistryOptions { Scheme = RegistryScheme.Http, TimeProvider = time });

        await client.GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("1", Token);

        Assert.Equal(2, fetched);
    }

    [Fact]
    public async Task Credential_IsAskedForOnceByAllWhoWantItAtOnce()
    {
        var provider = new SlowCredentials();
        var questions = new CredentialQuestions(new RegistryOptions { Credentials = provider });
        var need = new AccessNeed("test/app", AccessNeed.Pull);
        using var impatient = new CancellationTokenSource();

        Task<RegistryCredential?> leaving = questions.AskAsync("registry.example", need, impatient.Token).AsTask();
        Task<RegistryCredential?> first = questions.AskAsync("registry.example", need, Token).AsTask();
        Task<RegistryCredential?> second = questions.AskAsync("registry.example", need, Token).AsTask();
        Task<RegistryCredential?> other = questions.AskAsync("other.example", need, Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        provider.Answer.SetResult(Ann);

        Assert.Equal(Ann, await first);
        Assert.Equal(Ann, await second);
        Assert.Equal(Ann, await other);
        Assert.Equal(2, provider.Questions);
        await questions.AskAsync("registry.example", need, Token);
        Assert.Equal(3, provider.Questions); // nothing is kept: a password may change
    }

    [Fact]
    public async Task Refusal_WithoutAChallengeIsAnsweredByAskingTheRegistryForOne()
    {
        await using TokenRegistry registry = await TokenRegistry.StartAsync(
            context => context.Response.WriteAsync("""{"token":"good"}"""));
        registry.HidesChallenge = true;

        await registry.FetchAsync(Ann);

        Assert.Contains(registry.Requests, request => request.Path == "/v2/");
    }

    [Fact]
    public async Task Realm_MayBeRelativeAndHaveAQuery()
    {
        await using TokenRegistry registry = await TokenRegistry.StartAsync(
            context => context.Response.WriteAsync("""{"token":"good"}"""));
        registry.Realm = "/token?tenant=a%2Fb";

        await registry.FetchAsync(Ann);

        Assert.StartsWith("/token?tenant=a%2Fb&service=s&scope=", Assert.Single(registry.TokenRequests).Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credential_IsAskedForAgainAfterItsProviderThrew()
    {
        var provider = new FailingCredentials();
        var questions = new CredentialQuestions(new RegistryOptions { Credentials = provider });
        var need = new AccessNeed("test/app", AccessNeed.Pull);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await questions.AskAsync("registry.example", need, Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await questions.AskAsync("registry.example", need, Token));

        Assert.Equal(2, provider.Questions);
    }

    private sealed class FailingCredentials : IRegistryCredentialProvider
    {
        public int Questions { get; private set; }

        public ValueTask<RegistryCredential?> GetCredentialAsync(
            string registry, string repository, CancellationToken cancellationToken = default)
        {
            Questions++;
            throw new InvalidOperationException("The keychain is locked.");
        }
    }

    private sealed class SlowCredentials : IRegistryCredentialProvider
    {
        private int _questions;

        public TaskCompletionSource<RegistryCredential?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Questions => _questions;

        public ValueTask<RegistryCredential?> GetCredentialAsync(
            string registry, string repository, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _questions);
            return new(Answer.Task);
        }
    }

    // A registry that wants the token "good", and a token server beside it.
    private sealed class TokenRegistry : IAsyncDisposable
    {
        private ScriptedRegistry? _server;
        private RegistryClient? _client;

        public string Realm { get; set; } = "/token";

        public bool HidesChallenge { get; set; }

        public Func<HttpContext, string> Refuse { get; set; } = context =>
        {
            context.Response.StatusCode = 401;
            return "";
        };

        public string Host => _server!.Host;

        public IEnumerable<(string Method, string Path, string? Authorization)> Requests => _server!.Requests;

        public IEnumerable<(string Method, string Path, string? Authorization)> TokenRequests =>
            Requests.Where(request => request.Path.StartsWith("/token", StringComparison.Ordinal));

        public static async Task<TokenRegistry> StartAsync(Func<HttpContext, Task> tokens)
        {
            var registry = new TokenRegistry();
            registry._server = await ScriptedRegistry.StartAsync(context => context.Request.Path == "/token"
                ? tokens(context)
                : registry.ServeAsync(context));
            return registry;
        }

        public async Task FetchAsync(RegistryCredential? credential, string repository = RegistryFixture.Repository)
        {
            _client ??= CreateClient(credential);
            await _client.GetRepository(Host, repository).FetchManifestAsync("1", Token);
        }

        public async Task PushAsync(RegistryCredential? credential)
        {
            _client ??= CreateClient(credential);
            await _client.GetRepository(Host, RegistryFixture.Repository)
                .PushAsync(Manifest.Descriptor, ReplayableContent.FromBytes(Manifest.Bytes), "1", Token);
        }

        public async ValueTask DisposeAsync()
        {
            _client?.Dispose();
            await _server!.DisposeAsync();
        }

        private static RegistryClient CreateClient(RegistryCredential? credential) =>
            RegistryFixture.CreateClient(credential is null ? null : new Fixed(credential));

        private async Task ServeAsync(HttpContext context)
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            if (context.Request.Headers.Authorization == "Bearer good")
            {
                if (context.Request.Method == "PUT")
                {
                    context.Response.StatusCode = 201;
                    return;
                }

                await context.WriteManifestAsync(Manifest);
                return;
            }

            string more = Refuse(context);
            if (!HidesChallenge || context.Request.Path == "/v2/")
            {
                string realm = Realm;
                context.Response.Headers.WWWAuthenticate = $"Negotiate, Bearer realm=\"{realm}\",service=\"s\"{more}";
            }
        }

        private sealed class Fixed(RegistryCredential credential) : IRegistryCredentialProvider
        {
            public ValueTask<RegistryCredential?> GetCredentialAsync(
                string registry, string repository, CancellationToken cancellationToken = default) => new(credential);
        }
    }
}
