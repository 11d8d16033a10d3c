using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Time.Testing;
using OciImage.Content;
using OciImage.Registry;
using OciImage.Registry.Http;
using OciImage.TestKit;
using OciImage.TestKit.Registry;
using OciImage.Tests.Registry.Uploads;

namespace OciImage.Tests.Registry;

/// <summary>Registries, mirrors and proxies that mean harm, or behave as if they did.</summary>
public sealed class RegistryAttackTests
{
    private const int Mebi = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_EndsWhereTheLeastChunkIsLargerThanWhatIsTaken()
    {
        await using UploadServer server = await new UploadServer { MaxBody = Mebi - 1, MinChunk = 8 * Mebi }.StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient(retries: 2);

        var error = await Assert.ThrowsAsync<RegistryException>(() => PushAsync(client, server.Host, Content(5 * Mebi)));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, error.StatusCode);
        Assert.InRange(server.Requests.Count(), 1, 40);
    }

    [Fact]
    public async Task Upload_EndsWhereEachChunkBringsOneByte()
    {
        long has = 1;
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(async context =>
        {
            context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = 202;
            context.Response.Headers.Location = "/v2/test/app/blobs/uploads/1";
            if (context.Request.Method == "PATCH")
            {
                context.Response.Headers.Range = $"0-{has++}";
            }
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http, MaxRetries = 2, MaxUploadRequestBytes = 4 * Mebi,
        });

        await Assert.ThrowsAsync<RegistryException>(() => PushAsync(client, server.Host, Content(5 * Mebi)));

        Assert.InRange(server.Requests.Count(request => request.Method == "PATCH"), 1, 4);
    }

    [Fact]
    public async Task Upload_HandedElsewhereIsNotHandedBackToWriteSomethingElse()
    {
        string registry = "";
        await using ScriptedRegistry storage = await ScriptedRegistry.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = 202;
            context.Response.Headers.Location = $"http://{registry}/v2/test/app/manifests/latest";
        });
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(context =>
        {
            bool isKnown = context.Request.Headers.Authorization.Count > 0;
            context.Response.StatusCode = isKnown ? 202 : 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
            context.Response.Headers.Location = isKnown ? $"http://{storage.Host}/upload" : null;
            return Task.CompletedTask;
        });
        registry = server.Host;
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http,
            MaxUploadRequestBytes = 1000,
            Credentials = new RegistryFixture.FixedCredentials("ann", "secret"),
        });

        await Assert.ThrowsAsync<RegistryException>(() => PushAsync(client, server.Host, Content(5000)));

        Assert.DoesNotContain(server.Requests, request => request.Path.Contains("manifests", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redirect_ElsewhereAndBackShowsNoCredential()
    {
        string registry = "";
        await using ScriptedRegistry other = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"http://{registry}/private";
            return Task.CompletedTask;
        });
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(context =>
        {
            bool isKnown = context.Request.Headers.Authorization.Count > 0;
            context.Response.StatusCode = isKnown ? 307 : 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
            context.Response.Headers.Location = isKnown ? $"http://{other.Host}/" : null;
            return Task.CompletedTask;
        });
        registry = server.Host;
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "secret"));

        await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(server.Host, RegistryFixture.Repository).FetchManifestAsync("1", Token));

        Assert.All(server.Requests.Where(request => request.Path == "/private"), request => Assert.Null(request.Authorization));
        Assert.Contains(server.Requests, request => request.Path == "/private");
    }

    [Fact]
    public async Task Proxy_OnThisMachineIsTheUsersChoiceAndItsPasswordStaysSecret()
    {
        await using BreakingServer proxy = new("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        using var client = new RegistryClient(new RegistryOptions
        {
            MaxRetries = 0,
            Proxy = new WebProxy(new Uri($"http://ann:proxy-secret@{proxy.Host}")),
        });

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository("registry.example", RegistryFixture.Repository).ResolveAsync("1", Token));

        Assert.Contains("tunnel", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(proxy.Ranges); // it was asked
        Assert.DoesNotContain("proxy-secret", error + error.Transcript, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5000/", true)]
    [InlineData("http://[::1]:5000/", true)]
    [InlineData("http://localhost/", true)]
    [InlineData("http://10.0.0.1/", false)]
    [InlineData("https://registry.example/", false)]
    public void EnvironmentProxy_IsNotAskedForThisMachine(string address, bool isDirect)
    {
        var proxy = new EnvironmentProxy(new WebProxy("http://proxy.example:3128"));

        Assert.Equal(isDirect, proxy.IsBypassed(new Uri(address)));
        Assert.Equal(isDirect, proxy.GetProxy(new Uri(address)) is null);
    }

    [Fact]
    public async Task HeaderOfAHost_IsNeitherInMessagesNorInWarnings()
    {
        var warnings = new ConcurrentQueue<RegistryWarning>();
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(async context =>
        {
            string? key = context.Request.Headers["X-Api-Key"];
            context.Response.StatusCode = 400;
            context.Response.Headers.Append("Warning", $"299 - \"key {key}\"");
            await context.Response.WriteAsync($$"""{"errors":[{"code":"DENIED","message":"{{key}} at http://a.example/x?sig=signed-secret"}]}""");
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            MaxRetries = 0,
            Warnings = new Immediate(warnings.Enqueue),
            Hosts = new Fixed(new RegistryEndpoint
            {
                Host = server.Host,
                Scheme = RegistryScheme.Http,
                Headers = new Dictionary<string, string> { ["X-Api-Key"] = "header-secret" },
            }),
        });

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(server.Host, RegistryFixture.Repository).FetchManifestAsync("1", Token));

        Assert.DoesNotContain("secret", error + error.Transcript + string.Concat(warnings), StringComparison.Ordinal);
        Assert.Contains("a.example/x?…", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenServer_ThatAsksForQuietGetsIt()
    {
        var time = new FakeTimeProvider();
        var asked = new ConcurrentQueue<DateTimeOffset>();
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(context =>
        {
            bool isToken = context.Request.Path == "/token";
            if (isToken)
            {
                asked.Enqueue(time.GetUtcNow());
                context.Response.Headers.RetryAfter = "20";
            }

            context.Response.StatusCode = isToken ? 429 : 401;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{context.Request.Host}/token\"";
            return Task.CompletedTask;
        });
        using var client = new RegistryClient(new RegistryOptions { Scheme = RegistryScheme.Http, MaxRetries = 2, TimeProvider = time });

        Task fetch = client.GetRepository(server.Host, RegistryFixture.Repository).FetchManifestAsync("1", Token).AsTask();
        while (!fetch.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await Assert.ThrowsAsync<RegistryException>(() => fetch);
        DateTimeOffset[] times = [.. asked];
        Assert.Equal(3, times.Length);
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromSeconds(19)));
    }

    [Fact]
    public async Task ErrorBody_ThatTricklesIsGivenUp()
    {
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(async context =>
        {
            context.Response.StatusCode = 400;
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (await pace.WaitForNextTickAsync(context.RequestAborted))
            {
                await context.Response.Body.WriteAsync("A"u8.ToArray());
                await context.Response.Body.FlushAsync();
            }
        });
        using RegistryClient client = RegistryFixture.CreateClient(idle: TimeSpan.FromMilliseconds(500));

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(server.Host, RegistryFixture.Repository).FetchManifestAsync("1", Token));

        Assert.Equal(HttpStatusCode.BadRequest, error.StatusCode);
    }

    [Fact]
    public async Task Upload_DoesNotTakeASlowSourceForASlowRegistry()
    {
        await using UploadServer server = await new UploadServer().StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient(idle: TimeSpan.FromMilliseconds(300));
        byte[] content = Content(Mebi);

        await client.GetRepository(server.Host, RegistryFixture.Repository)
            .PushAsync(Blob(content), new PausingContent(content, TimeSpan.FromMilliseconds(700)), Token);

        Assert.Equal(["POST uploads/", "PUT uploads/1"], server.Requests);
    }

    [Fact]
    public async Task Basic_ThatTheRegistryNoLongerWantsIsForgotten()
    {
        bool wantsToken = false;
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                await context.Response.WriteAsync("""{"token":"good"}""");
                return;
            }

            string? given = context.Request.Headers.Authorization;
            if (wantsToken ? given == "Bearer good" : given?.StartsWith("Basic", StringComparison.Ordinal) == true)
            {
                await context.WriteManifestAsync(RegistryFixture.Manifest());
                return;
            }

            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate =
                wantsToken ? $"Bearer realm=\"http://{context.Request.Host}/token\"" : "Basic realm=\"test\"";
        });
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "secret"));
        RepositoryClient repository = client.GetRepository(server.Host, RegistryFixture.Repository);
        await repository.FetchManifestAsync("1", Token);

        wantsToken = true;
        await repository.FetchManifestAsync("1", Token);

        Assert.Equal("Bearer good", server.Requests.Last().Authorization);
    }

    [Fact]
    public async Task ForeignUrl_ThatBreaksOffIsAFailureOfThatPlace()
    {
        await using BreakingServer elsewhere = new("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncon");
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        await using ContentStream stream = await client.GetRepository(server.Host, RegistryFixture.Repository)
            .OpenReadAsync(RegistryFixture.Blob("content") with { Urls = [$"http://{elsewhere.Host}/x"] }, Token);

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await stream.ReadToEndAsync(100, Token));

        Assert.Contains(elsewhere.Host, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Untag_ThatIsCancelledHalfWayLeavesNoStandIn()
    {
        using var cancellation = new CancellationTokenSource();
        await using Referrers.ManifestServer server = new() { RemovesTags = false };
        OciDocument<ImageManifest> image = RegistryFixture.Manifest();
        await server.StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(server.Host, RegistryFixture.Repository);
        await repository.PushAsync(image.Descriptor, ReplayableContent.FromBytes(image.Bytes), "one", Token);
        server.BeforePut = reference =>
        {
            if (reference == "one")
            {
                cancellation.Cancel();
            }
        };

        _ = await Record.ExceptionAsync(async () => await repository.UntagAsync("one", cancellation.Token));

        Assert.True(cancellation.IsCancellationRequested);
        Assert.True(!server.Manifests.TryGetValue("one", out var left) || left.Bytes.AsSpan().SequenceEqual(image.Bytes.Span));
    }

    [Theory]
    [InlineData("sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b")]
    [InlineData("not a tag")]
    public async Task Untag_TakesTagsAlone(string reference)
    {
        using RegistryClient client = RegistryFixture.CreateClient();

        await Assert.ThrowsAsync<ArgumentException>(async () => await client
            .GetRepository("127.0.0.1:1", RegistryFixture.Repository).UntagAsync(reference, Token));
    }

    [Fact]
    public async Task ClientCertificate_IsShownToTheRegistrysOwnPortAlone()
    {
        using var authority = new TestAuthority();
        using var clients = new TestAuthority("clients");
        var seen = new ConcurrentQueue<string?>();
        await using WebApplication other = await StartTlsAsync(authority, HttpProtocols.Http1, async context =>
        {
            seen.Enqueue(context.Connection.ClientCertificate?.Subject);
            await context.Response.WriteAsync("content");
        });
        await using WebApplication registry = await StartTlsAsync(authority, HttpProtocols.Http1, context =>
        {
            seen.Enqueue(context.Connection.ClientCertificate?.Subject);
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"{other.Urls.First()}/layer";
            return Task.CompletedTask;
        });
        string host = new Uri(registry.Urls.First()).Authority;
        using var client = new RegistryClient(new RegistryOptions
        {
            Hosts = new Fixed(new RegistryEndpoint
            {
                Host = host,
                Scheme = RegistryScheme.Https,
                Certificates = new RegistryCertificates([authority.Certificate], [clients.IssueClient("ann")]),
            }),
        });

        await using ContentStream stream = await client
            .GetRepository(host, RegistryFixture.Repository).OpenReadAsync(RegistryFixture.Blob("content"), Token);
        await stream.ReadToEndAsync(100, Token);

        Assert.Equal(["CN=ann", null], seen);
    }

    [Fact]
    public async Task Certificate_ThatIsRefusedIsRefusedForAReason()
    {
        using var authority = new TestAuthority();
        await using WebApplication registry = await StartTlsAsync(authority, HttpProtocols.Http1, _ => Task.CompletedTask);
        string host = new Uri(registry.Urls.First()).Authority;
        using var client = new RegistryClient(new RegistryOptions { Scheme = RegistryScheme.Https, MaxRetries = 0 });

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(host, RegistryFixture.Repository).ResolveAsync("1", Token));

        Assert.Contains("unknown authority", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_OfAnUploadOverHttp2HasOneReaderOfTheContent()
    {
        byte[] content = Content(Mebi);
        byte[]? received = null;
        using var authority = new TestAuthority();
        await using WebApplication registry = await StartTlsAsync(authority, HttpProtocols.Http2, async context =>
        {
            string path = context.Request.Path.Value!;
            if (context.Request.Method == "POST")
            {
                context.Response.StatusCode = 202;
                context.Response.Headers.Location = "/v2/test/app/blobs/uploads/a";
                return;
            }

            if (path.EndsWith("/a", StringComparison.Ordinal))
            {
                // Without a look at the body.
                context.Response.StatusCode = 307;
                context.Response.Headers.Location = "/v2/test/app/blobs/uploads/b";
                return;
            }

            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received = body.ToArray();
            context.Response.StatusCode = 201;
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Https, SkipCertificateCheck = true, MaxRetries = 0,
        });

        await PushAsync(client, new Uri(registry.Urls.First()).Authority, content);

        Assert.Equal(content, received);
    }

    [Fact]
    public async Task Upload_ThatIsCalledASuccessEarlyOverHttp2IsNone()
    {
        using var authority = new TestAuthority();
        await using WebApplication registry = await StartTlsAsync(authority, HttpProtocols.Http2, async context =>
        {
            context.Response.StatusCode = context.Request.Method == "POST" ? 202 : 201;
            context.Response.Headers.Location = "/v2/test/app/blobs/uploads/a";
            await context.Response.CompleteAsync();
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Https, SkipCertificateCheck = true, MaxRetries = 0,
        });

        await Assert.ThrowsAsync<RegistryException>(() => PushAsync(
            client, new Uri(registry.Urls.First()).Authority, Content(64 * Mebi)));
    }

    private static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    private static Descriptor Blob(byte[] content) => Descriptor.Create("application/octet-stream", content);

    private static async Task PushAsync(RegistryClient client, string host, byte[] content) => await client
        .GetRepository(host, RegistryFixture.Repository)
        .PushAsync(Blob(content), ReplayableContent.FromBytes(content), Token);

    private static async Task<WebApplication> StartTlsAsync(
        TestAuthority authority, HttpProtocols protocols, RequestDelegate run)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = protocols;
                listen.UseHttps(authority.IssueServer(), https =>
                {
                    https.ClientCertificateMode = protocols == HttpProtocols.Http2
                        ? ClientCertificateMode.NoCertificate
                        : ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = (_, _, _) => true;
                });
            });
        });
        WebApplication application = builder.Build();
        application.Run(run);
        await application.StartAsync(Token);

        return application;
    }

    private sealed class Immediate(Action<RegistryWarning> action) : IProgress<RegistryWarning>
    {
        public void Report(RegistryWarning value) => action(value);
    }

    private sealed class Fixed(RegistryEndpoint upstream) : IRegistryHostProvider
    {
        public ValueTask<RegistryRoute?> GetRouteAsync(
            string registry, string repository, CancellationToken cancellationToken = default) =>
            new(new RegistryRoute { Upstream = upstream });
    }

    private sealed class PausingContent(byte[] content, TimeSpan pause) : ReplayableContent
    {
        public override ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default) =>
            new(new PausingStream(new MemoryStream(content, (int)offset, content.Length - (int)offset), pause));

        private sealed class PausingStream(Stream inner, TimeSpan pause) : ForwardStream(inner)
        {
            private bool _paused;

            public override int Read(Span<byte> buffer) => Inner.Read(buffer);

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                int read = await Inner.ReadAsync(buffer, cancellationToken);
                if (!_paused)
                {
                    _paused = true;
                    await Task.Delay(pause, cancellationToken);
                }

                return read;
            }
        }
    }
}
