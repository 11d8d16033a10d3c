using System.Text;
using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Tar;
using OciImage.TestKit;

namespace OciImage.Engines.Tests;

public sealed class DockerEngineTests : IAsyncLifetime
{
    private readonly MemoryStore _source = new();
    private FakeDocker _docker = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _docker = await FakeDocker.StartAsync();

    public ValueTask DisposeAsync() => _docker.DisposeAsync();

    [Fact]
    public async Task LoadAsync_SendsAHybridArchive()
    {
        var names = new List<string>();
        string manifest = "";
        _docker.Answer = async context =>
        {
            using var reader = new TarReader(context.Request.Body);
            while (await reader.ReadNextAsync(context.RequestAborted) is { } entry)
            {
                names.Add(Encoding.UTF8.GetString(entry.Name.Span));
                byte[] content = new byte[entry.Size];
                int read = await reader.ReadContentAsync(content, context.RequestAborted);
                manifest = names[^1] == "manifest.json" ? Encoding.UTF8.GetString(content, 0, read) : manifest;
            }

            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            await context.Response.WriteAsync("{\"stream\":\"Loaded image: a:v1\\n\"}\n");
        };
        Descriptor image = await TestContent.PushImageAsync(_source, "a", "amd64");
        Descriptor other = await TestContent.PushImageAsync(_source, "b", "arm64");
        Descriptor index = await TestContent.PushIndexAsync(_source, [other, image]);
        using DockerEngine engine = await _docker.ConnectAsync();

        DockerLoadReport report = await engine.LoadAsync(_source, index, ["a:v1"], cancellationToken: Token);

        Assert.Equal((image.Digest, "a:v1"), (report.Manifest.Digest, Assert.Single(report.Images)));
        Assert.Equal(["oci-layout", "index.json", "manifest.json"], names[^3..]);
        Assert.Contains($"blobs/sha256/{image.Digest.Encoded}", names);
        Assert.Contains($"\"blobs/sha256/{report.ImageId.Encoded}\"", manifest, StringComparison.Ordinal);
        Assert.Contains("\"docker.io/library/a:v1\"", manifest, StringComparison.Ordinal);
        Assert.Equal("1.41", engine.ApiVersion);
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await engine.LoadAsync(
            _source, index, ["a:v1"], Platform.Parse("linux/s390x"), cancellationToken: Token));
    }

    [Theory]
    [InlineData("""{"errorDetail":{"message":"no space"},"error":"no space"}""", EngineErrorKind.Failed, "no space")]
    [InlineData("""{"error":"bad\u001b[31m layer"}""", EngineErrorKind.Failed, "bad?[31m layer")]
    [InlineData("""{"stream":"hello"}""", EngineErrorKind.InvalidAnswer, "without saying")] // loaded nothing
    [InlineData("", EngineErrorKind.InvalidAnswer, "without saying")]
    [InlineData("<html>", EngineErrorKind.InvalidAnswer, "JSON")]
    [InlineData("""{"stream":"Loaded image: a"}""" + "\n" + """{"error":"after all"}""", EngineErrorKind.Failed, "after all")]
    public async Task LoadAsync_FindsAFailureInAGoodAnswer(string answer, EngineErrorKind kind, string said)
    {
        _docker.Answer = async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            await context.Response.WriteAsync(answer);
        };

        EngineException error = await RefusedAsync();

        Assert.Equal(kind, error.Kind);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n")] // lines without end
    [InlineData("a")] // one line without end
    public async Task LoadAsync_RefusesAnAnswerWithoutEnd(string part)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(part, 100_000)));
        _docker.Answer = async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
            }
        };

        EngineException error = await RefusedAsync();

        Assert.Equal(EngineErrorKind.InvalidAnswer, error.Kind);
    }

    [Theory]
    [InlineData(500, """{"message":"no space left"}""", true, EngineErrorKind.Failed, "no space left")]
    [InlineData(500, "stuck", false, EngineErrorKind.Failed, "stuck")] // answered, and reads nothing more
    [InlineData(503, "busy", true, EngineErrorKind.Busy, "busy")]
    [InlineData(403, """{"message":"denied by plugin"}""", true, EngineErrorKind.NotPermitted, "denied by plugin")]
    [InlineData(302, "", true, EngineErrorKind.InvalidAnswer, "302")] // no redirect is followed
    [InlineData(400, "not json {", true, EngineErrorKind.Unsupported, "not json {")]
    public async Task LoadAsync_TellsAnErrorThatComesBeforeAllIsSent(int status, string body, bool closes, EngineErrorKind kind, string said)
    {
        // The answer comes after the head; of the body, which is long, nothing is read.
        using var docker = new RawDocker(
            $"HTTP/1.1 {status} Refused\r\nLocation: http://localhost/elsewhere\r\nContent-Length: {body.Length}\r\n\r\n{body}", closes);

        EngineException error = await RefusedAsync(40_000_000, address: docker.Address);

        Assert.Equal(kind, error.Kind);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadAsync_OfASourceThatLies_TellsSo()
    {
        _docker.Answer = async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            await context.Response.WriteAsync("{\"stream\":\"Loaded image: a:v1\\n\"}\n");
        };
        Descriptor image = await TestContent.PushImageAsync(_source, "a");
        using DockerEngine engine = await _docker.ConnectAsync();

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await engine.LoadAsync(
            new LyingSource(_source), image, ["a:v1"], cancellationToken: Token));
    }

    [Fact]
    public async Task LoadAsync_DoesNotWaitForEver()
    {
        _docker.Answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted);

        EngineException error = await RefusedAsync(change: options => options.WorkTimeout = TimeSpan.FromMilliseconds(300));

        Assert.Equal(EngineErrorKind.NoAnswer, error.Kind);
    }

    [Fact]
    public async Task LoadAsync_RefusesWhatDockerDoesNotTake()
    {
        Descriptor config = await TestImage.PushAsync(_source, MediaTypes.ImageConfig, "{}");
        Descriptor layer = await TestImage.PushAsync(_source, MediaTypes.LayerZstd, "zstd");
        Descriptor zstd = await TestContent.PushManifestAsync(_source, config, [layer]);
        Descriptor artifact = await TestContent.PushManifestAsync(_source, layer with { MediaType = "application/vnd.test" }, []);
        using DockerEngine engine = await _docker.ConnectAsync();

        var byLayer = await Assert.ThrowsAsync<EngineException>(
            async () => await engine.LoadAsync(_source, zstd, ["a:v1"], cancellationToken: Token));
        var byConfig = await Assert.ThrowsAsync<EngineException>(
            async () => await engine.LoadAsync(_source, artifact, ["a:v1"], cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await engine.LoadAsync(_source, zstd, ["UPPER"], cancellationToken: Token));

        Assert.Equal((EngineErrorKind.Unsupported, EngineErrorKind.Unsupported), (byLayer.Kind, byConfig.Kind));
    }

    [Fact]
    public async Task SaveAsync_TellsABodyThatBreaksOff()
    {
        _docker.Answer = async context =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("half");
            context.Abort();
        };
        using DockerEngine engine = await _docker.ConnectAsync();

        var error = await Assert.ThrowsAsync<EngineException>(async () => await engine.SaveAsync("a", new MemoryStream(), Token));

        Assert.Equal(EngineErrorKind.Unreachable, error.Kind);
    }

    [Fact]
    public async Task Members_NameWhatDockerDoesNotHave()
    {
        _docker.Answer = context =>
        {
            context.Response.StatusCode = 404;
            return context.Response.WriteAsync("""{"message":"No such image: a:latest"}""");
        };
        using DockerEngine engine = await _docker.ConnectAsync();

        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await engine.SaveAsync("a", new MemoryStream(), Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await engine.TagAsync("a", "b", Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await engine.RemoveAsync("a", Token));
    }

    [Fact]
    public async Task Members_SendNamesAsTheyAre()
    {
        var paths = new List<string>();
        _docker.Answer = context =>
        {
            paths.Add(context.Request.Method + " " + context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget);
            return Task.CompletedTask;
        };
        using DockerEngine engine = await _docker.ConnectAsync();

        await engine.RemoveAsync("quay.example/a@sha256:ab", Token);
        await engine.TagAsync("quay.example/a:v1", "b:v2", Token);

        Assert.Equal(
            [
                "DELETE /v1.41/images/quay.example/a@sha256:ab",
                "POST /v1.41/images/quay.example/a:v1/tag?repo=docker.io%2Flibrary%2Fb&tag=v2",
            ],
            paths);
    }

    [Theory]
    [InlineData("../../containers/x")]
    [InlineData("a/../../b")]
    [InlineData("a?force=1")]
    [InlineData("a#b")]
    [InlineData("a%2e%2e")]
    [InlineData("/a")]
    [InlineData("a b")]
    [InlineData("a\r\nHost: b")]
    public async Task Members_RefuseNamesThatLeadElsewhere(string name)
    {
        using DockerEngine engine = await _docker.ConnectAsync();

        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.RemoveAsync(name, Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.TagAsync(name, "b", Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.SaveAsync(name, new MemoryStream(), Token));
    }

    [Fact]
    public async Task ListReferencesAsync_LeavesOutWhatHasNoName()
    {
        _docker.Answer = context => context.Response.WriteAsync(
            """[{"RepoTags":["b:1","a:1"]},{"RepoTags":["<none>:<none>"]},{"RepoTags":null},{"RepoTags":["a:1"]}]""");
        using DockerEngine engine = await _docker.ConnectAsync();

        Assert.Equal(["a:1", "b:1"], await engine.ListReferencesAsync(Token).ToArrayAsync(Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1.12")] // too old
    [InlineData("many")]
    public async Task ConnectAsync_RefusesAVersionThatIsNone(string version)
    {
        _docker.ApiVersion = version;

        var error = await Assert.ThrowsAsync<EngineException>(() => _docker.ConnectAsync());

        Assert.Equal(EngineErrorKind.InvalidAnswer, error.Kind);
    }

    [Fact]
    public async Task ConnectAsync_SaysWhatToDo()
    {
        using var silent = new SilentSocket();
        using var directory = new TemporaryDirectory();

        var unanswered = await Assert.ThrowsAsync<EngineException>(async () => await DockerEngine.ConnectAsync(
            new DockerEngineOptions { Address = silent.Address, ConnectTimeout = TimeSpan.FromMilliseconds(200) }, Token));
        var missing = await Assert.ThrowsAsync<EngineException>(async () => await DockerEngine.ConnectAsync(
            new DockerEngineOptions { Address = directory.Combine("none") }, Token));

        Assert.Equal((EngineErrorKind.NoAnswer, EngineErrorKind.Unreachable), (unanswered.Kind, missing.Kind));
        Assert.Contains("DOCKER_HOST", missing.Message, StringComparison.Ordinal);
    }

    private async Task<EngineException> RefusedAsync(
        int size = 10, Action<DockerEngineOptions>? change = null, string? address = null)
    {
        Descriptor config = await TestImage.PushAsync(_source, MediaTypes.ImageConfig, "{}");
        Descriptor layer = await TestImage.PushAsync(_source, MediaTypes.LayerGzip, TestContent.Bytes(size));
        Descriptor image = await TestContent.PushManifestAsync(_source, config, [layer]);
        using DockerEngine engine = await _docker.ConnectAsync(options =>
        {
            options.Address = address ?? options.Address;
            change?.Invoke(options);
        });

        return await Assert.ThrowsAsync<EngineException>(
            async () => await engine.LoadAsync(_source, image, ["a:v1"], cancellationToken: Token));
    }

    /// <summary>Gives layers with another last byte.</summary>
    private sealed class LyingSource(MemoryStore store) : IContentFetcher
    {
        public async ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
        {
            if (!MediaTypes.IsLayer(descriptor.MediaType))
            {
                return await store.OpenReadAsync(descriptor, cancellationToken);
            }

            byte[] bytes = await TestContent.ReadAsync(store, descriptor);
            bytes[^1] ^= 1;
            return new ContentStream(new MemoryStream(bytes), descriptor);
        }
    }
}
