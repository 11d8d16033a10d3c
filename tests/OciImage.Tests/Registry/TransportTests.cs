using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Registry;
using OciImage.Registry.Http;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

public sealed class TransportTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_AskForTheBytesAsTheyAre()
    {
        (string? Encoding, int Cookies, string? Agent) seen = default;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            IHeaderDictionary headers = context.Request.Headers;
            seen = (headers.AcceptEncoding, headers.Cookie.Count, headers.UserAgent);
            context.Response.Headers.SetCookie = "track=1";
            return context.WriteManifestAsync(RegistryFixture.Manifest());
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        await repository.FetchManifestAsync("v1", Token);
        await repository.FetchManifestAsync("v1", Token);

        Assert.Equal(("identity", 0, "ocimage"), seen);
    }

    [Fact]
    public async Task Automatic_SpeaksPlainHttpWithThisMachineAndRemembersIt()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(
            context => context.WriteManifestAsync(RegistryFixture.Manifest()));
        using var client = new RegistryClient(new RegistryOptions { MaxRetries = 0 });
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        await repository.FetchManifestAsync("v1", Token);
        await repository.FetchManifestAsync("v1", Token);

        Assert.Equal(2, registry.Requests.Count);
    }

    [Fact]
    public async Task Automatic_NeverGivesUpTlsForABadCertificate()
    {
        using X509Certificate2 certificate = CreateCertificate();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var plain = new List<byte>();
        Task serving = ServeAsync();
        using var client = new RegistryClient(new RegistryOptions { MaxRetries = 0 });
        RepositoryClient repository = client.GetRepository(listener.LocalEndpoint.ToString()!, RegistryFixture.Repository);

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await repository.FetchManifestAsync("v1", Token));
        await Assert.ThrowsAsync<RegistryException>(async () => await repository.FetchManifestAsync("v1", Token));
        await stop.CancelAsync();
        await serving;

        Assert.False(error.IsTransient);
        Assert.Equal([0x16, 0x16], plain); // both were the hello of TLS

        async Task ServeAsync()
        {
            while (true)
            {
                try
                {
                    using TcpClient connection = await listener.AcceptTcpClientAsync(stop.Token);
                    byte[] first = new byte[1];
                    await connection.Client.ReceiveAsync(first, SocketFlags.Peek, stop.Token);
                    plain.Add(first[0]);
                    await using var tls = new SslStream(connection.GetStream());
                    await tls.AuthenticateAsServerAsync(certificate);
                    await tls.CopyToAsync(Stream.Null, stop.Token);
                }
                catch (Exception exception) when (exception is IOException or AuthenticationException)
                {
                    // The client turned away.
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    [Fact]
    public async Task Connection_IsRefusedToANameThatResolvesInside() // R08
    {
        await using ScriptedRegistry inside = await ScriptedRegistry.StartAsync(context => context.Response.WriteAsync("secret"));
        var options = new RegistryOptions();
        using var host = new RegistryHost("registry.example", null, options);

        Exception? error = await Record.ExceptionAsync(async () =>
        {
            var address = new Uri($"http://localhost:{new Uri($"http://{inside.Host}").Port}/token");
            using HttpResponseMessage response = await host.InvokerFor(address)
                .SendAsync(new HttpRequestMessage(HttpMethod.Get, address), Token);
        });

        Assert.IsType<RegistryException>(error!.InnerException);
        Assert.Empty(inside.Requests);
    }

    [Theory]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirect_OfAnUploadSendsTheBytesAgainWithoutTheCredential(int status)
    {
        byte[]? received = null;
        await using ScriptedRegistry storage = await ScriptedRegistry.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received = body.ToArray();
            context.Response.StatusCode = 201;
        });
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Headers.Authorization.Count == 0)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
                return;
            }

            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = context.Request.Method == "POST" ? 202 : status;
            context.Response.Headers.Location = context.Request.Method == "POST" ? "/upload/1" : $"http://{storage.Host}/signed?s=1";
        });
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "secret"));

        await PushAsync(client, registry.Host, "content");

        Assert.Equal("content", Encoding.UTF8.GetString(received!));
        Assert.Null(Assert.Single(storage.Requests).Authorization);
    }

    [Fact]
    public async Task Upload_StartsAnewWhenItsTokenEndedOnTheWay()
    {
        ScriptedRegistry? self = null;
        int tokens = 0;
        int sessions = 0;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                await context.Response.WriteAsync($$"""{"token":"t{{++tokens}}"}""");
                return;
            }

            await context.Request.Body.CopyToAsync(Stream.Null);
            string? authorization = context.Request.Headers.Authorization;
            if (authorization is null || (context.Request.Method == "PUT" && authorization == "Bearer t1"))
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{self!.Host}/token\"";
                return;
            }

            context.Response.StatusCode = context.Request.Method == "POST" ? 202 : 201;
            context.Response.Headers.Location = context.Request.Method == "POST" ? $"/upload/{++sessions}" : null;
        });
        self = registry;
        using RegistryClient client = RegistryFixture.CreateClient();

        await PushAsync(client, registry.Host, "content");

        Assert.Equal(
            ["PUT /upload/1", "GET /upload/1", "DELETE /upload/1", "PUT /upload/2"],
            registry.Requests.Where(request => request.Path.StartsWith("/upload/", StringComparison.Ordinal))
                .Select(request => $"{request.Method} {request.Path.Split('?')[0]}"));
    }

    [Fact]
    public async Task Upload_ThatIsRefusedEachTimeEnds()
    {
        ScriptedRegistry? self = null;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                await context.Response.WriteAsync("""{"token":"t"}""");
                return;
            }

            await context.Request.Body.CopyToAsync(Stream.Null);
            bool isUpload = context.Request.Method == "PUT" || context.Request.Headers.Authorization.Count == 0;
            context.Response.StatusCode = isUpload ? 401 : 202;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{self!.Host}/token\"";
            context.Response.Headers.Location = "/upload/1";
        });
        self = registry;
        using RegistryClient client = RegistryFixture.CreateClient();

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await PushAsync(client, registry.Host, "content"));

        Assert.Equal(HttpStatusCode.Unauthorized, error.StatusCode);
        Assert.Equal(2, registry.Requests.Count(request => request.Method == "PUT"));
    }

    [Fact]
    public async Task Upload_FromTheSameRegistryNeedsNoSecondSlot()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = context.Request.Method switch { "POST" => 202, "PUT" => 201, _ => 200 };
            context.Response.Headers.Location = context.Request.Method == "POST" ? "/upload/1" : null;
            if (context.Request.Method == "GET")
            {
                await context.Response.WriteAsync("content");
            }
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http, MaxRetries = 0, MaxConcurrencyPerHost = 1,
        });
        Descriptor blob = RegistryFixture.Blob("content");

        await client.GetRepository(registry.Host, "test/target").PushAsync(
            blob, ReplayableContent.FromFetcher(client.GetRepository(registry.Host, "test/source"), blob), Token);

        Assert.Contains(registry.Requests, request => request.Method == "PUT");
    }

    [Fact]
    public async Task Upload_ShowsWhatItsSourceThrew()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 202;
            context.Response.Headers.Location = "/upload/1";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        string path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"), "absent");

        await Assert.ThrowsAsync<DirectoryNotFoundException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository)
            .PushAsync(RegistryFixture.Blob("content"), ReplayableContent.FromFile(path), Token));

        Assert.Contains(registry.Requests, request => request.Method == "DELETE");
    }

    [Fact]
    public async Task Upload_OfNothingHasALengthOfZero()
    {
        long? length = null;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            length = context.Request.Method == "PUT" ? context.Request.ContentLength : length;
            context.Response.StatusCode = context.Request.Method == "POST" ? 202 : 201;
            context.Response.Headers.Location = "/upload/1";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        await PushAsync(client, registry.Host, "");

        Assert.Equal(0, length);
    }

    [Fact]
    public async Task Upload_ThatTheRegistryDoesNotTakeIsGivenUp()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Method == "PUT")
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            context.Response.StatusCode = 202;
            context.Response.Headers.Location = "/upload/1";
        });
        using RegistryClient client = RegistryFixture.CreateClient(idle: TimeSpan.FromMilliseconds(50));

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await PushAsync(client, registry.Host, "content"));

        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task Push_PutsNoLineIntoAHeader() // R16
    {
        bool isInjected = false;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            isInjected |= context.Request.Headers.ContainsKey("X-Injected");
            context.Response.StatusCode = 201;
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        Descriptor descriptor = RegistryFixture.Blob("content") with { MediaType = "a/b\r\nX-Injected: 1" };

        await Assert.ThrowsAsync<DocumentFormatException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository)
            .PushAsync(descriptor, ReplayableContent.FromBytes("content"u8.ToArray()), "v1", Token));

        Assert.False(isInjected);
    }

    private static ValueTask PushAsync(RegistryClient client, string host, string content) => client
        .GetRepository(host, RegistryFixture.Repository)
        .PushAsync(RegistryFixture.Blob(content), ReplayableContent.FromBytes(Encoding.UTF8.GetBytes(content)), Token);

    private static X509Certificate2 CreateCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=self", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));

        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
