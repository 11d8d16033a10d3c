using System.Text;
using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Layout;
using OciImage.Registry;
using OciImage.TestKit;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry.Routing;

/// <summary>Mirrors are asked before the registry, and never stand in its way (docs/registry.md, "Mirrors").</summary>
public sealed class MirrorTests
{
    private static readonly OciDocument<ImageManifest> Manifest = RegistryFixture.Manifest();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Resolve_AsksTheMirrorFirstAndTellsItWhoseContentIsMeant()
    {
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        using RegistryClient client = CreateClient(Mirror(mirror));

        Descriptor found = await client.GetRepository(upstream.Host, RegistryFixture.Repository).ResolveAsync("1", Token);

        Assert.Equal(Manifest.Descriptor.Digest, found.Digest);
        Assert.Empty(upstream.Requests);
        Assert.Equal($"/v2/test/app/manifests/1?ns={Uri.EscapeDataString(upstream.Host)}", Assert.Single(mirror.Requests).Path);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Resolve_FallsThroughToTheRegistryAtOnce(int status)
    {
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        using RegistryClient client = CreateClient(retries: 3, Mirror(mirror));

        Descriptor found = await client.GetRepository(upstream.Host, RegistryFixture.Repository).ResolveAsync("1", Token);

        Assert.Equal(Manifest.Descriptor.Digest, found.Digest);
        Assert.DoesNotContain("ns=", Assert.Single(upstream.Requests).Path, StringComparison.Ordinal);
        Assert.InRange(mirror.Requests.Count(request => request.Method == "HEAD"), 1, 1); // not asked again
    }

    [Fact]
    public async Task DeadMirror_IsAskedOnce()
    {
        int port = BreakingPort();
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        await using ScriptedRegistry ill = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        });
        using RegistryClient client = CreateClient(
            new RegistryEndpoint { Host = $"127.0.0.1:{port}", Scheme = RegistryScheme.Http }, Mirror(ill));
        RepositoryClient repository = client.GetRepository(upstream.Host, RegistryFixture.Repository);

        for (int i = 0; i < 5; i++)
        {
            await repository.FetchManifestAsync("1", Token);
        }

        Assert.Single(ill.Requests);
        Assert.Equal(5, upstream.Requests.Count);
    }

    [Fact]
    public async Task Mirror_ThatOnlyPullsIsNotAskedForTags()
    {
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        using RegistryClient client = CreateClient(Mirror(mirror) with { Capabilities = RegistryCapabilities.Pull });
        RepositoryClient repository = client.GetRepository(upstream.Host, RegistryFixture.Repository);

        await repository.FetchManifestAsync("1", Token);
        await repository.FetchManifestAsync(Manifest.Descriptor.Digest.ToString(), Token);

        Assert.EndsWith("manifests/1", Assert.Single(upstream.Requests).Path, StringComparison.Ordinal);
        Assert.Contains("sha256", Assert.Single(mirror.Requests).Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mirror_ThatOnlyResolvesServesWhatItResolved()
    {
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        using RegistryClient client = CreateClient(Mirror(mirror) with
        {
            Capabilities = RegistryCapabilities.Resolve | RegistryCapabilities.PullResolved,
        });
        RepositoryClient repository = client.GetRepository(upstream.Host, RegistryFixture.Repository);

        await repository.FetchManifestAsync(Manifest.Descriptor.Digest.ToString(), Token);
        await repository.ResolveAsync("1", Token);
        await repository.FetchManifestAsync(Manifest.Descriptor.Digest.ToString(), Token);

        Assert.Single(upstream.Requests);
        Assert.Equal(2, mirror.Requests.Count);
    }

    [Fact]
    public async Task Mirror_WithOtherContentForADigestIsNotBelieved() // R28
    {
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(async context =>
        {
            context.Response.ContentType = MediaTypes.ImageManifest;
            await context.Response.WriteAsync("{}");
        });
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        using RegistryClient client = CreateClient(Mirror(mirror));

        var (descriptor, _) = await client.GetRepository(upstream.Host, RegistryFixture.Repository)
            .FetchManifestAsync(Manifest.Descriptor.Digest.ToString(), Token);

        Assert.Equal(Manifest.Descriptor.Digest, descriptor.Digest);
    }

    [Fact]
    public async Task Blob_ThatBreaksOffAtAMirrorGoesOnAtTheRegistry()
    {
        const string text = "content of a layer, rather long";
        Descriptor blob = RegistryFixture.Blob(text);
        await using BreakingServer mirror = new($"HTTP/1.1 200 OK\r\nContent-Length: {text.Length}\r\n\r\n{text[..9]}");
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(async context =>
        {
            Assert.Equal("bytes=9-", context.Request.Headers.Range);
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes 9-{text.Length - 1}/{text.Length}";
            await context.Response.WriteAsync(text[9..]);
        });
        using RegistryClient client = CreateClient(new RegistryEndpoint { Host = mirror.Host, Scheme = RegistryScheme.Http });

        await using ContentStream stream = await client
            .GetRepository(upstream.Host, RegistryFixture.Repository).OpenReadAsync(blob, Token);

        Assert.Equal(text, Encoding.UTF8.GetString(await stream.ReadToEndAsync(1000, Token)));
    }

    [Fact]
    public async Task Blob_ThatAMirrorForgesIsFetchedFromTheRegistryNext()
    {
        const string text = "content of a layer";
        Descriptor blob = RegistryFixture.Blob(text);
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(
            context => context.Response.WriteAsync(text.ToUpperInvariant()));
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.Response.WriteAsync(text));
        using RegistryClient client = CreateClient(Mirror(mirror));
        RepositoryClient repository = client.GetRepository(upstream.Host, RegistryFixture.Repository);

        await using (ContentStream forged = await repository.OpenReadAsync(blob, Token))
        {
            await Assert.ThrowsAsync<ContentVerificationException>(async () => await forged.ReadToEndAsync(1000, Token));
        }

        await using ContentStream stream = await repository.OpenReadAsync(blob, Token);
        Assert.Equal(text, Encoding.UTF8.GetString(await stream.ReadToEndAsync(1000, Token)));
    }

    [Fact]
    public async Task Copy_SurvivesAMirrorThatForgesABlob()
    {
        const string text = "content of a layer";
        Descriptor blob = RegistryFixture.Blob(text);
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(
            context => context.Response.WriteAsync(text.ToUpperInvariant()));
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.Response.WriteAsync(text));
        using RegistryClient client = CreateClient(Mirror(mirror));
        var target = new MemoryStore();

        await ContentCopy.CopyAsync(
            client.GetRepository(upstream.Host, RegistryFixture.Repository), target, blob, cancellationToken: Token);

        Assert.True(await target.ExistsAsync(blob, Token));
    }

    [Fact]
    public async Task Copy_LooksAtTheRegistryAndNotAtAMirrorWhetherTheTagIsThere()
    {
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = context.Request.Method == "PUT" ? 201 : context.Request.Method == "POST" ? 202 : 404;
            context.Response.Headers.Location = "/v2/test/app/blobs/uploads/1";
        });
        using RegistryClient client = CreateClient(Mirror(mirror));
        var source = new MemoryStore();
        await source.PushAsync(Descriptor.Empty, ReplayableContent.FromBytes("{}"u8.ToArray()), Token);
        await source.PushAsync(Manifest.Descriptor, ReplayableContent.FromBytes(Manifest.Bytes), Token);

        await ContentCopy.CopyGraphAsync(
            source, client.GetRepository(upstream.Host, RegistryFixture.Repository), Manifest.Descriptor, "1", cancellationToken: Token);

        Assert.Contains(upstream.Requests, request => request is { Method: "PUT", Path: "/v2/test/app/manifests/1" });
        Assert.Empty(mirror.Requests);
    }

    [Fact]
    public async Task Copy_InPartsSurvivesAMirrorThatBreaksOff()
    {
        byte[] content = new byte[300_000];
        new Random(1).NextBytes(content);
        Descriptor blob = Descriptor.Create("application/octet-stream", content);
        static (long From, long To) RangeOf(HttpContext context, int length) =>
            context.Request.GetTypedHeaders().Range?.Ranges.First() is { } range
                ? (range.From ?? 0, range.To ?? length - 1)
                : (0, length - 1);

        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(async context =>
        {
            (long from, long to) = RangeOf(context, content.Length);
            context.Response.StatusCode = 206;
            context.Response.ContentLength = to - from + 1;
            context.Response.Headers.ContentRange = $"bytes {from}-{to}/{content.Length}";
            await context.Response.Body.WriteAsync(content.AsMemory((int)from, 10));
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(async context =>
        {
            (long from, long to) = RangeOf(context, content.Length);
            context.Response.StatusCode = 206;
            context.Response.ContentLength = to - from + 1;
            context.Response.Headers.ContentRange = $"bytes {from}-{to}/{content.Length}";
            await context.Response.Body.WriteAsync(content.AsMemory((int)from, (int)(to - from + 1)));
        });
        using RegistryClient client = CreateClient(Mirror(mirror));
        using var directory = new TemporaryDirectory();
        OciLayout layout = await OciLayout.OpenOrCreateAsync(directory.Path, cancellationToken: Token);

        await ContentCopy.CopyAsync(
            client.GetRepository(upstream.Host, RegistryFixture.Repository),
            layout,
            blob,
            new CopyOptions { RangesPerBlob = 4, ParallelRangeThreshold = 1024 },
            Token);

        Assert.True(await layout.ExistsAsync(blob, Token));
        Assert.InRange(mirror.Requests.Count, 1, 4); // those that were on their way
    }

    [Fact]
    public async Task Mirror_ThatForgesThenBreaksOffIsKnownForTheForger()
    {
        const string text = "content of a layer, rather long";
        Descriptor blob = RegistryFixture.Blob(text);
        await using BreakingServer mirror = new($"HTTP/1.1 200 OK\r\nContent-Length: {text.Length}\r\n\r\nFORGED");
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Headers.Range.Count > 0)
            {
                context.Response.StatusCode = 206;
                context.Response.Headers.ContentRange = $"bytes 6-{text.Length - 1}/{text.Length}";
                await context.Response.WriteAsync(text[6..]);
                return;
            }

            await context.Response.WriteAsync(text);
        });
        using RegistryClient client = CreateClient(new RegistryEndpoint { Host = mirror.Host, Scheme = RegistryScheme.Http });
        var target = new MemoryStore();

        await ContentCopy.CopyAsync(
            client.GetRepository(upstream.Host, RegistryFixture.Repository), target, blob, cancellationToken: Token);

        Assert.True(await target.ExistsAsync(blob, Token));
    }

    [Fact]
    public async Task NotFound_TellsWhatTheMirrorsSaid()
    {
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        using RegistryClient client = CreateClient(Mirror(mirror));

        var error = await Assert.ThrowsAsync<ContentNotFoundException>(async () => await client
            .GetRepository(upstream.Host, RegistryFixture.Repository).FetchManifestAsync("1", Token));

        Assert.Contains(mirror.Host, Assert.Single(error.MirrorFailures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RelocatedRegistry_GetsTheCredentialOfTheNameAUserWrites()
    {
        await using ScriptedRegistry elsewhere = await ScriptedRegistry.StartAsync(context =>
        {
            if (context.Request.Headers.Authorization.Count > 0)
            {
                return context.WriteManifestAsync(Manifest);
            }

            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
            return Task.CompletedTask;
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            Credentials = new FixedCredential("registry.example", new RegistryCredential("ann", "secret")),
            Hosts = new Routes { Route = new RegistryRoute { Upstream = Mirror(elsewhere) } },
        });

        Descriptor found = await client.GetRepository("registry.example", RegistryFixture.Repository).ResolveAsync("1", Token);

        Assert.Equal(Manifest.Descriptor.Digest, found.Digest);
    }

    [Fact]
    public async Task Mirror_IsNeverToldTheRegistrysCredential()
    {
        static Task Demand(HttpContext context)
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
            return Task.CompletedTask;
        }

        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(Demand);
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context =>
            context.Request.Headers.Authorization.Count == 0 ? Demand(context) : context.WriteManifestAsync(Manifest));
        var credentials = new PerRegistry { [upstream.Host] = new RegistryCredential("ann", "secret") };
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http,
            MaxRetries = 0,
            Credentials = credentials,
            Hosts = new Routes(Mirror(mirror)),
        });

        await client.GetRepository(upstream.Host, RegistryFixture.Repository).ResolveAsync("1", Token);

        Assert.All(mirror.Requests, request => Assert.Null(request.Authorization));
        Assert.Contains(mirror.Host, credentials.Asked); // its own would have been used
        Assert.Contains(upstream.Requests, request => request.Authorization is not null);
    }

    [Fact]
    public async Task Mirror_IsNotWrittenTo()
    {
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 201;
            return Task.CompletedTask;
        });
        using RegistryClient client = CreateClient(Mirror(mirror) with { Capabilities = (RegistryCapabilities)~0 });
        RepositoryClient repository = client.GetRepository(upstream.Host, RegistryFixture.Repository);

        await repository.PushAsync(Manifest.Descriptor, ReplayableContent.FromBytes(Manifest.Bytes), "1", Token);
        await repository.ExistsAsync(Manifest.Descriptor, Token);
        await repository.DeleteAsync(RegistryFixture.Blob("x"), Token);

        Assert.Empty(mirror.Requests);
    }

    [Fact]
    public async Task Failure_TellsWhatTheMirrorsSaid()
    {
        static Task Refuse(HttpContext context)
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        }

        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(Refuse);
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(Refuse);
        using RegistryClient client = CreateClient(Mirror(mirror));

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(upstream.Host, RegistryFixture.Repository).FetchManifestAsync("1", Token));

        Assert.Contains(mirror.Host, Assert.Single(error.MirrorFailures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BlockedRegistry_IsNotAsked()
    {
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        using var client = new RegistryClient(new RegistryOptions
        {
            Hosts = new Routes { Route = new RegistryRoute { BlockedBecause = "the administrator says so." } },
        });

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(upstream.Host, RegistryFixture.Repository).ResolveAsync("1", Token));

        Assert.Contains("the administrator says so", error.Message, StringComparison.Ordinal);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task BlockedRegistry_IsServedByItsMirrorsAlone()
    {
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http,
            Hosts = new Routes { Route = new RegistryRoute { Mirrors = [Mirror(mirror)], BlockedBecause = "nobody goes out." } },
        });
        RepositoryClient repository = client.GetRepository(upstream.Host, RegistryFixture.Repository);

        Descriptor found = await repository.ResolveAsync("1", Token);
        await Assert.ThrowsAsync<RegistryException>(async () => await repository.ExistsAsync(Manifest.Descriptor, Token));

        Assert.Equal(Manifest.Descriptor.Digest, found.Digest);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task BlockedRegistry_IsNotMountedFrom()
    {
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http,
            Hosts = new BlockedRepository("test/secret"),
        });

        bool mounted = await client.GetRepository(upstream.Host, RegistryFixture.Repository)
            .TryMountAsync(RegistryFixture.Blob("x"), client.GetRepository(upstream.Host, "test/secret"), Token);

        Assert.False(mounted);
        Assert.Empty(upstream.Requests);
    }

    private sealed class BlockedRepository(string name) : IRegistryHostProvider
    {
        public ValueTask<RegistryRoute?> GetRouteAsync(
            string registry, string repository, CancellationToken cancellationToken = default) =>
            new(new RegistryRoute { BlockedBecause = repository == name ? "it is secret." : null });
    }

    [Fact]
    public async Task Mirror_MayHaveAnotherPathNameAndHeaders()
    {
        string? header = null;
        await using ScriptedRegistry mirror = await ScriptedRegistry.StartAsync(context =>
        {
            header = context.Request.Headers["X-Tenant"];
            return context.WriteManifestAsync(Manifest);
        });
        await using ScriptedRegistry upstream = await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(Manifest));
        using RegistryClient client = CreateClient(Mirror(mirror) with
        {
            ApiPath = "/hub/v2/",
            Repository = "cache/test/app",
            Headers = new Dictionary<string, string> { ["X-Tenant"] = "blue" },
        });

        await client.GetRepository(upstream.Host, RegistryFixture.Repository).ResolveAsync("1", Token);

        Assert.StartsWith("/hub/v2/cache/test/app/manifests/1?ns=", Assert.Single(mirror.Requests).Path, StringComparison.Ordinal);
        Assert.Equal("blue", header);
    }

    [Theory]
    [InlineData("evil host", "/v2/", "X", "1")]
    [InlineData("127.0.0.1:1", "/v2/?x=", "X", "1")]
    [InlineData("127.0.0.1:1", "v2", "X", "1")]
    [InlineData("127.0.0.1:1", "/v2/", "X\r\nY", "1")]
    [InlineData("127.0.0.1:1", "/v2/", "X", "1\r\nY: 2")] // no line of a header of its own
    public async Task Endpoint_ThatIsMalformedIsRefused(string host, string path, string name, string value)
    {
        using RegistryClient client = CreateClient(new RegistryEndpoint
        {
            Host = host,
            ApiPath = path,
            Headers = new Dictionary<string, string> { [name] = value },
        });

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository("127.0.0.1:2", RegistryFixture.Repository).ResolveAsync("1", Token));

        Assert.Contains("malformed", error.Message, StringComparison.Ordinal);
    }

    private static int BreakingPort()
    {
        // A port that was free a moment ago, and where nobody listens.
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static RegistryEndpoint Mirror(ScriptedRegistry registry) => new() { Host = registry.Host, Scheme = RegistryScheme.Http };

    private static RegistryClient CreateClient(params RegistryEndpoint[] mirrors) => CreateClient(0, mirrors);

    private static RegistryClient CreateClient(int retries, params RegistryEndpoint[] mirrors) => new(new RegistryOptions
    {
        Scheme = RegistryScheme.Http,
        MaxRetries = retries,
        Hosts = new Routes(mirrors),
    });

    private sealed class Routes(params RegistryEndpoint[] mirrors) : IRegistryHostProvider
    {
        public RegistryRoute Route { get; init; } = new() { Mirrors = mirrors };

        public ValueTask<RegistryRoute?> GetRouteAsync(
            string registry, string repository, CancellationToken cancellationToken = default) => new(Route);
    }

    private sealed class PerRegistry : Dictionary<string, RegistryCredential>, IRegistryCredentialProvider
    {
        public List<string> Asked { get; } = [];

        public ValueTask<RegistryCredential?> GetCredentialAsync(
            string registry, string repository, CancellationToken cancellationToken = default)
        {
            Asked.Add(registry);
            return new(this.GetValueOrDefault(registry));
        }
    }
}
