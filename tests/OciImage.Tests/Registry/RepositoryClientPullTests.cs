using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

public sealed class RepositoryClientPullTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FetchManifest_ByTag_ComputesTheDigestWhateverTheHeaderSays() // R02
    {
        OciDocument<ImageManifest> manifest = RegistryFixture.Manifest();
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.Headers["Docker-Content-Digest"] = Digest.Compute("another"u8).ToString();
            return context.WriteManifestAsync(manifest);
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        (Descriptor descriptor, ReadOnlyMemory<byte> bytes) = await repository.FetchManifestAsync("v1", Token);

        Assert.Equal(manifest.Descriptor, descriptor);
        Assert.Equal(manifest.Bytes.ToArray(), bytes.ToArray());
    }

    [Fact]
    public async Task FetchManifest_ByDigest_RefusesAnotherManifest() // R01
    {
        await using ScriptedRegistry registry =
            await ScriptedRegistry.StartAsync(context => context.WriteManifestAsync(RegistryFixture.Manifest()));
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await repository.FetchManifestAsync(Digest.Compute("another"u8).ToString(), Token));
    }

    [Fact]
    public async Task Resolve_FallsBackToGetWhenHeadIsRefusedOrSaysTooLittle()
    {
        OciDocument<ImageManifest> manifest = RegistryFixture.Manifest();
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            if (context.Request.Method == "HEAD")
            {
                context.Response.StatusCode = 405;
                return Task.CompletedTask;
            }

            return context.WriteManifestAsync(manifest);
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        Descriptor descriptor = await client.GetRepository(registry.Host, RegistryFixture.Repository).ResolveAsync("v1", Token);

        Assert.Equal(manifest.Descriptor, descriptor);
    }

    [Fact]
    public async Task FetchManifest_RefusesMoreThanTheLimit() // R04
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            context.Response.ContentType = MediaTypes.ImageManifest;
            byte[] bytes = new byte[64 * 1024];
            for (int i = 0; i < 200 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
            }
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        await Assert.ThrowsAsync<DocumentFormatException>(async () =>
            await client.GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token));
    }

    [Theory]
    [InlineData(-1)] // one byte less than promised
    [InlineData(+1)] // one more
    public async Task OpenRead_RefusesABlobOfAnotherLength(int difference) // R03
    {
        await using ScriptedRegistry registry =
            await ScriptedRegistry.StartAsync(context => context.Response.WriteAsync("content"));
        using RegistryClient client = RegistryFixture.CreateClient();
        Descriptor blob = RegistryFixture.Blob("content");
        Descriptor promised = blob with { Size = blob.Size + difference };

        await Assert.ThrowsAsync<ContentVerificationException>(async () =>
        {
            await using ContentStream stream = await client
                .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(promised, Token);
            await stream.CompleteAsync(Token);
        });
    }

    [Fact]
    public async Task OpenRead_ResumesWhereTheConnectionBroke()
    {
        await using var registry = new BreakingServer(
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncon",
            "HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\nContent-Range: bytes 3-6/7\r\n\r\nte",
            "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\nContent-Range: bytes 5-6/7\r\n\r\nnt");
        using RegistryClient client = RegistryFixture.CreateClient();
        await using ContentStream stream = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(RegistryFixture.Blob("content"), Token);

        byte[] read = await stream.ReadToEndAsync(7, Token);

        Assert.Equal("content", Encoding.UTF8.GetString(read));
        Assert.Equal([null, "bytes=3-", "bytes=5-"], registry.Ranges);
    }

    [Fact]
    public async Task OpenRead_TakesTheRestOfAWholeBodyWhereRangesAreNotKnown()
    {
        await using var registry = new BreakingServer(
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncon", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncontent");
        using RegistryClient client = RegistryFixture.CreateClient();
        await using ContentStream stream = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(RegistryFixture.Blob("content"), Token);

        byte[] read = await stream.ReadToEndAsync(7, Token);

        Assert.Equal("content", Encoding.UTF8.GetString(read));
    }

    [Theory]
    [InlineData("bytes 5-6/7")] // starts elsewhere
    [InlineData("bytes 3-6/9")] // of another length
    [InlineData("nonsense")] // says nothing
    public async Task OpenRead_RefusesARangeThatWasNotAskedFor(string contentRange)
    {
        await using var registry = new BreakingServer(
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncon",
            $"HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\nContent-Range: {contentRange}\r\n\r\ntent");
        using RegistryClient client = RegistryFixture.CreateClient();
        await using ContentStream stream = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(RegistryFixture.Blob("content"), Token);

        await Assert.ThrowsAsync<RegistryException>(async () => await stream.CompleteAsync(Token));
    }

    [Fact]
    public async Task OpenRead_GivesUpWithoutProgress()
    {
        await using var registry = new BreakingServer(
            [.. Enumerable.Repeat("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", 10)]);
        using RegistryClient client = RegistryFixture.CreateClient();
        await using ContentStream stream = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(RegistryFixture.Blob("content"), Token);

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await stream.CompleteAsync(Token));

        Assert.True(error.IsTransient);
        Assert.True(registry.Ranges.Count <= 4);
    }

    [Theory]
    [InlineData(404, typeof(ContentNotFoundException))]
    [InlineData(401, typeof(RegistryException))]
    [InlineData(403, typeof(RegistryException))]
    [InlineData(429, typeof(RegistryException))]
    [InlineData(500, typeof(RegistryException))]
    public async Task Resolve_SaysWhatARegistryAnswered(int status, Type expected)
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            if (context.Request.Method != "HEAD")
            {
                await context.Response.WriteAsync("""{"errors":[{"code":"DENIED","message":"no entry"}]}""");
            }
        });
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "hidden-secret"));

        Exception? error = await Record.ExceptionAsync(async () =>
            await client.GetRepository(registry.Host, RegistryFixture.Repository).ResolveAsync("v1", Token));

        Assert.IsType(expected, error);
        Assert.DoesNotContain("hidden-secret", error.ToString(), StringComparison.Ordinal);
        if (error is RegistryException refusal)
        {
            Assert.Equal((HttpStatusCode)status, refusal.StatusCode);
            Assert.Equal(["DENIED"], refusal.Codes);
            Assert.Equal(status is 429 or 500, refusal.IsTransient);
        }
    }

    [Fact]
    public async Task Resolve_SurvivesAnErrorBodyWithoutEnd() // R15
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            context.Response.StatusCode = 403;
            byte[] bytes = Encoding.UTF8.GetBytes(new string('<', 64 * 1024));
            while (context.Request.Method == "GET" && !context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
            }
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        var error = await Assert.ThrowsAsync<RegistryException>(async () =>
            await client.GetRepository(registry.Host, RegistryFixture.Repository).ResolveAsync("v1", Token));

        Assert.Equal(HttpStatusCode.Forbidden, error.StatusCode);
        Assert.True(error.Message.Length < 1000);
    }

    [Fact]
    public async Task Get_IsAskedAgainAfterATransientFailure()
    {
        OciDocument<ImageManifest> manifest = RegistryFixture.Manifest();
        int asked = 0;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                context.Response.StatusCode = 503;
                context.Response.Headers.RetryAfter = "0";
                return Task.CompletedTask;
            }

            return context.WriteManifestAsync(manifest);
        });
        using RegistryClient client = RegistryFixture.CreateClient(retries: 2);

        (Descriptor descriptor, _) = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token);

        Assert.Equal(manifest.Descriptor, descriptor);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task ListReferences_FollowsPagesAndTakesNullForNone()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            bool second = context.Request.QueryString.Value!.Contains("last=b", StringComparison.Ordinal);
            if (!second)
            {
                context.Response.Headers.Link = "</v2/test/app/tags/list?last=b>; rel=\"next\"";
            }

            return context.Response.WriteAsync(second ? """{"name":"test/app","tags":null}""" : """{"tags":["a","b"]}""");
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        List<string> tags = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).ListReferencesAsync(Token).ToListAsync(Token);

        Assert.Equal(["a", "b"], tags);
    }

    [Theory]
    [InlineData("</v2/test/app/tags/list>; rel=\"next\"")] // R13: the same page
    [InlineData("<http://192.0.2.1/v2/x>; rel=\"next\"")] // R13: another host
    [InlineData("<file:///etc/passwd>; rel=next")]
    public async Task ListReferences_RefusesANextPageThatLeadsAstray(string link)
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.Headers.Link = link;
            return context.Response.WriteAsync("""{"tags":["a"]}""");
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).ListReferencesAsync(Token).ToListAsync(Token));
    }

    [Fact]
    public async Task Body_ThatStandsStillIsGivenUp() // R04
    {
        var never = new TaskCompletionSource();
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            context.Response.ContentLength = 7;
            await context.Response.WriteAsync("con");
            await context.Response.Body.FlushAsync();
            await never.Task.WaitAsync(context.RequestAborted);
        });
        using RegistryClient client = RegistryFixture.CreateClient(idle: TimeSpan.FromMilliseconds(200));
        await using ContentStream stream = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(RegistryFixture.Blob("content"), Token);

        await Assert.ThrowsAsync<RegistryException>(async () => await stream.CompleteAsync(Token));
        never.SetResult();
    }

    [Theory]
    [InlineData("UPPER/case")]
    [InlineData("../../etc")]
    [InlineData("")]
    public void GetRepository_RefusesWhatIsNoName(string name)
    {
        using RegistryClient client = RegistryFixture.CreateClient();

        Assert.Throws<ArgumentException>(() => client.GetRepository("localhost:5000", name));
    }
}
