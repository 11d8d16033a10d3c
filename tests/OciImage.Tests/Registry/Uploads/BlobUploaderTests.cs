using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Registry;

namespace OciImage.Tests.Registry.Uploads;

/// <summary>Uploads that meet what registries and proxies do to them (docs/registry.md, "Pushing").</summary>
public sealed class BlobUploaderTests
{
    private const int Mebi = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Push_SendsEverythingInOneRequest()
    {
        await using UploadServer server = await new UploadServer().StartAsync();
        byte[] content = Content(3 * Mebi);

        await PushAsync(server, content);

        Assert.Equal(["POST uploads/", "PUT uploads/1"], server.Requests);
        Assert.Equal(content, server.Blob);
    }

    [Fact]
    public async Task Push_OfNothingHasNoBytes()
    {
        await using UploadServer server = await new UploadServer().StartAsync();

        await PushAsync(server, []);

        Assert.Empty(server.Blob!);
        Assert.Equal(Digest.Compute([]).ToString(), server.BlobDigest);
    }

    [Fact]
    public async Task Push_GoesOnFromTheServersOffsetAfterACut()
    {
        await using UploadServer server = await new UploadServer { Cuts = { 2 * Mebi, 3 * Mebi } }.StartAsync();
        byte[] content = Content(20 * Mebi);

        await PushAsync(server, content, retries: 4);

        Assert.Equal(content, server.Blob);
        Assert.Equal(content.Length, server.Received); // what arrived is not sent again
        Assert.Equal($"{2 * Mebi}-{content.Length - 1}", server.ContentRanges.First());
        Assert.Equal(1, server.Requests.Count(request => request.StartsWith("POST", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_535)] // within the first write
    [InlineData(131_073)] // just after it
    public async Task Push_GoesOnAfterACutWithinAWrite(int cut)
    {
        await using UploadServer server = await new UploadServer { Cuts = { cut } }.StartAsync();
        byte[] content = Content(3 * Mebi);

        await PushAsync(server, content, retries: 4);

        Assert.Equal(content, server.Blob);
    }

    [Fact]
    public async Task Push_ReadsTheSourceOnceMoreOnlyForWhatWasLost()
    {
        await using UploadServer server = await new UploadServer { Cuts = { 2 * Mebi } }.StartAsync();
        byte[] content = Content(40 * Mebi);
        var source = new CountingContent(content);

        await PushAsync(server, content, retries: 4, source: source);

        Assert.Equal(content, server.Blob);
        Assert.InRange(source.BytesRead, content.Length, content.Length + (16 * Mebi)); // what was on the way
    }

    [Fact]
    public async Task Push_BeginsAnewWhereTheSessionIsLost()
    {
        await using UploadServer server = await new UploadServer { Cuts = { 2 * Mebi }, LosesSessions = true }.StartAsync();
        byte[] content = Content(8 * Mebi);

        await PushAsync(server, content, retries: 4);

        Assert.Equal(content, server.Blob);
        Assert.Equal(2, server.Requests.Count(request => request.StartsWith("POST", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Push_GivesUpWhereNothingGetsAhead()
    {
        await using UploadServer server = await new UploadServer { LosesSessions = true }.StartAsync();
        for (int i = 0; i < 100; i++)
        {
            server.Cuts.Add(1000);
        }

        var error = await Assert.ThrowsAsync<RegistryException>(() => PushAsync(server, Content(Mebi), retries: 2));

        Assert.True(error.IsTransient);
        Assert.InRange(server.Requests.Count(request => request.StartsWith("PUT", StringComparison.Ordinal)), 2, 4);
    }

    [Fact]
    public async Task Push_GoesInChunksWhereABodyIsTooLargeAndRemembersIt()
    {
        await using UploadServer server = await new UploadServer { MaxBody = 5 * Mebi }.StartAsync();
        using RegistryClient client = CreateClient(retries: 4);
        byte[] first = Content(10 * Mebi);
        byte[] second = Content((9 * Mebi) + 1);

        await PushAsync(client, server, first);
        int refused = server.Requests.Count();
        await PushAsync(client, server, second);

        Assert.Equal(second, server.Blob);
        Assert.Equal(
            ["POST uploads/", "PATCH", "PATCH", "PATCH", "PUT"],
            server.Requests.Skip(refused).Select(request => request.StartsWith("POST", StringComparison.Ordinal) ? request : request.Split(' ')[0]));
    }

    [Fact]
    public async Task Push_ThatIsTooLargeInEverySizeEnds()
    {
        await using UploadServer server = await new UploadServer { MaxBody = 1000 }.StartAsync();

        var error = await Assert.ThrowsAsync<RegistryException>(() => PushAsync(server, Content(5 * Mebi), retries: 4));

        Assert.Equal(System.Net.HttpStatusCode.RequestEntityTooLarge, error.StatusCode);
    }

    [Fact]
    public async Task Push_HearsARefusalThatComesInsteadOfReading()
    {
        int cuts = 0;
        await using UploadServer server = await new UploadServer
        {
            MaxBody = 5 * Mebi,
            Before = context =>
            {
                // A proxy that closes the connection on a large body, unless it is asked first.
                bool isCut = context.Request.ContentLength > 5 * Mebi && !context.Request.Headers.ContainsKey("Expect") && cuts++ < 3;
                if (isCut)
                {
                    context.Abort();
                }

                return Task.FromResult(isCut);
            },
        }.StartAsync();
        byte[] content = Content(12 * Mebi);

        await PushAsync(server, content, retries: 6);

        Assert.Equal(content, server.Blob);
        Assert.Equal(1, cuts);
    }

    [Theory]
    [InlineData(202)]
    [InlineData(201)] // some registries say that a chunk is a blob
    [InlineData(204)]
    [InlineData(200)]
    public async Task Push_TakesEachSuccessOfAChunk(int status)
    {
        await using UploadServer server = await new UploadServer { PatchStatus = status }.StartAsync();
        byte[] content = Content(1000);

        await PushAsync(server, content, chunk: 300);

        Assert.Equal(content, server.Blob);
        Assert.Equal(["0-299", "300-599", "600-899", "900-999"], server.ContentRanges);
    }

    [Theory]
    [InlineData("0-0")] // constant, or nothing yet
    [InlineData(null)]
    [InlineData("bytes=0-299")]
    [InlineData("garbage")]
    public async Task Push_BelievesTheBytesSentWhereARangeSaysNothing(string? range)
    {
        await using UploadServer server = await new UploadServer
        {
            Range = (context, length) => context.Request.Method == "PATCH" && length == 300 ? range : $"0-{length - 1}",
        }.StartAsync();
        byte[] content = Content(1000);

        await PushAsync(server, content, chunk: 300);

        Assert.Equal(content, server.Blob);
    }

    [Theory]
    [InlineData("0-5000")] // more than was ever sent (R23)
    [InlineData("0-9223372036854775806")]
    [InlineData("0-100")] // less than it had before
    public async Task Push_RefusesARangeThatCannotBe(string range)
    {
        await using UploadServer server = await new UploadServer
        {
            Range = (context, length) => context.Request.Method == "PATCH" && length == 600 ? range : $"0-{length - 1}",
        }.StartAsync();

        var error = await Assert.ThrowsAsync<RegistryException>(() => PushAsync(server, Content(1000), chunk: 300));

        Assert.Contains("cannot be", error.Message, StringComparison.Ordinal);
        Assert.Contains(server.Requests, request => request.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Push_MakesChunksAsLargeAsTheRegistryWants()
    {
        await using UploadServer server = await new UploadServer { MinChunk = 700 }.StartAsync();

        await PushAsync(server, Content(1000), chunk: 300);

        Assert.Equal(["0-699", "700-999"], server.ContentRanges); // only the last one is smaller
    }

    [Fact]
    public async Task Push_GoesOnWhereAChunkIsSaidToStartElsewhere()
    {
        bool refused = false;
        await using UploadServer server = await new UploadServer
        {
            Before = context =>
            {
                // The answer to the first chunk says nothing of having lost its end.
                bool isFirst = context.Request.Method == "PATCH" && !refused;
                refused |= isFirst;
                if (isFirst)
                {
                    context.Response.StatusCode = 416;
                    context.Response.Headers.Range = "0-0";
                }

                return Task.FromResult(isFirst);
            },
        }.StartAsync();
        byte[] content = Content(1000);

        await PushAsync(server, content, retries: 3, chunk: 300);

        Assert.Equal(content, server.Blob);
    }

    [Fact]
    public async Task Push_GoesOnWithANewTokenInTheSameSession()
    {
        int patches = 0;
        string current = "t1";
        UploadServer? self = null;
        await using UploadServer server = await new UploadServer
        {
            Before = async context =>
            {
                if (context.Request.Path == "/token")
                {
                    await context.Response.WriteAsync($$"""{"token":"{{current}}"}""");
                    return true;
                }

                if (context.Request.Method == "PATCH" && ++patches == 2)
                {
                    current = "t2";
                }

                if (context.Request.Headers.Authorization == $"Bearer {current}")
                {
                    return false;
                }

                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{self!.Host}/token\"";
                return true;
            },
        }.StartAsync();
        self = server;
        byte[] content = Content(1000);

        await PushAsync(server, content, chunk: 300);

        Assert.Equal(content, server.Blob);
        Assert.Single(server.Requests, request => request.StartsWith("PUT", StringComparison.Ordinal));
        Assert.Equal("t2", current);
    }

    [Fact]
    public async Task Push_LooksWhetherTheBlobIsThereWhenTheAnswerToItsCommitIsLost()
    {
        await using UploadServer server = new();
        bool committed = false;
        server.Before = async context =>
        {
            if (context.Request.Method == "PUT" && !committed)
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                committed = true;
                context.Abort();
                return true;
            }

            if (committed && context.Request.Method == "HEAD")
            {
                context.Response.ContentLength = 1000;
                return true;
            }

            if (committed && context.Request.Method == "GET")
            {
                context.Response.StatusCode = 404;
                return true;
            }

            return false;
        };
        await server.StartAsync();

        await PushAsync(server, Content(1000), retries: 3);

        Assert.Equal(1, server.Requests.Count(request => request.StartsWith("PUT", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Push_TakesABlobOverThatTheRegistryHasElsewhere()
    {
        await using UploadServer server = await new UploadServer
        {
            Before = context =>
            {
                context.Response.StatusCode = 201;
                Assert.False(context.Request.Query.ContainsKey("from"));
                return Task.FromResult(context.Request.Query.ContainsKey("mount"));
            },
        }.StartAsync();

        await PushAsync(server, Content(1000));

        Assert.Equal(["POST uploads/"], server.Requests);
    }

    [Fact]
    public async Task Push_AsksNoMoreForAMountThatIsRefused()
    {
        int mounts = 0;
        await using UploadServer server = await new UploadServer
        {
            Before = context =>
            {
                bool isMount = context.Request.Query.ContainsKey("mount");
                mounts += isMount ? 1 : 0;
                context.Response.StatusCode = 400;
                return Task.FromResult(isMount);
            },
        }.StartAsync();
        using RegistryClient client = CreateClient(retries: 0);

        await PushAsync(client, server, Content(10));
        await PushAsync(client, server, Content(20));

        Assert.Equal(1, mounts);
    }

    [Fact]
    public async Task Push_DoesNotBelieveASuccessBeforeItsLastByte()
    {
        await using UploadServer server = await new UploadServer
        {
            Before = context =>
            {
                bool isPut = context.Request.Method == "PUT";
                context.Response.StatusCode = 201;
                return Task.FromResult(isPut);
            },
        }.StartAsync();
        byte[] wrong = Content(64 * Mebi);
        Descriptor promised = Descriptor.Create("application/octet-stream", wrong);
        wrong[^1] ^= 1;
        using RegistryClient client = CreateClient(retries: 0);

        await Assert.ThrowsAnyAsync<OciException>(async () => await client
            .GetRepository(server.Host, RegistryFixture.Repository)
            .PushAsync(promised, ReplayableContent.FromBytes(wrong), Token));
    }

    [Fact]
    public async Task Push_DoesNotRepeatWhatItsSourceCannotGive()
    {
        await using UploadServer server = await new UploadServer().StartAsync();
        byte[] content = Content(Mebi);
        var source = new CountingContent(content) { FailsAt = 1000 };

        await Assert.ThrowsAsync<RegistryException>(() => PushAsync(server, content, retries: 4, source: source));

        Assert.InRange(server.Requests.Count(request => request.StartsWith("PUT", StringComparison.Ordinal)), 0, 1);
        Assert.Contains(server.Requests, request => request.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Push_ThatIsCancelledGivesItsSessionBack()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using UploadServer server = await new UploadServer
        {
            Before = async context =>
            {
                if (context.Request.Method == "PUT")
                {
                    await cancellation.CancelAsync();
                    await context.Request.Body.CopyToAsync(Stream.Null);
                }

                return false;
            },
        }.StartAsync();
        using RegistryClient client = CreateClient(retries: 4);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await client
            .GetRepository(server.Host, RegistryFixture.Repository)
            .PushAsync(Blob(Content(20 * Mebi)), ReplayableContent.FromBytes(Content(20 * Mebi)), cancellation.Token));

        Assert.Contains(server.Requests, request => request.StartsWith("DELETE", StringComparison.Ordinal));
    }

    private static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    private static Descriptor Blob(byte[] content) => Descriptor.Create("application/octet-stream", content);

    private static RegistryClient CreateClient(int retries, long? chunk = null) => new(new RegistryOptions
    {
        Scheme = RegistryScheme.Http,
        MaxRetries = retries,
        MaxUploadRequestBytes = chunk,
        IdleTimeout = TimeSpan.FromSeconds(30),
    });

    private static async Task PushAsync(
        UploadServer server, byte[] content, int retries = 0, long? chunk = null, ReplayableContent? source = null)
    {
        using RegistryClient client = CreateClient(retries, chunk);
        await PushAsync(client, server, content, source);
    }

    private static async Task PushAsync(
        RegistryClient client, UploadServer server, byte[] content, ReplayableContent? source = null) =>
        await client.GetRepository(server.Host, RegistryFixture.Repository)
            .PushAsync(Blob(content), source ?? ReplayableContent.FromBytes(content), Token);

    private sealed class CountingContent(byte[] content) : ReplayableContent
    {
        public long BytesRead { get; private set; }

        public long FailsAt { get; init; } = long.MaxValue;

        public override ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default) =>
            new(new CountingStream(this, new MemoryStream(content, (int)offset, content.Length - (int)offset)));

        private sealed class CountingStream(CountingContent owner, Stream inner) : OciImage.TestKit.ForwardStream(inner)
        {
            public override int Read(Span<byte> buffer) => Inner.Read(buffer);

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                int read = await Inner.ReadAsync(buffer, cancellationToken);
                owner.BytesRead += read;
                return owner.BytesRead > owner.FailsAt
                    ? throw new RegistryException("The source broke off.") { IsTransient = true }
                    : read;
            }
        }
    }
}
