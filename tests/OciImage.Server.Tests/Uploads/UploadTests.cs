using System.Net;
using OciImage.Content;

namespace OciImage.Server.Tests.Uploads;

public sealed class UploadTests
{
    private static readonly byte[] Content = "0123456789"u8.ToArray();
    private static readonly Digest ContentDigest = Digest.Compute(Content);

    [Fact]
    public async Task Post_StartsAnUploadWithAUuid()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        using HttpResponseMessage response = await registry.SendAsync("POST", "/v2/a/b/blobs/uploads/");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        string location = response.Headers.Location!.ToString();
        Assert.StartsWith("/v2/a/b/blobs/uploads/", location);
        Assert.True(Guid.TryParseExact(location[(location.LastIndexOf('/') + 1)..], "D", out _));
        Assert.Equal(0, response.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task PostThenPut_StoresABlob()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();

        using HttpResponseMessage response = await registry.SendAsync("PUT", $"{location}?digest={ContentDigest}", Content);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal($"/v2/a/b/blobs/{ContentDigest}", response.Headers.Location!.ToString());
        Assert.Equal(ContentDigest.ToString(), response.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal(Content, await registry.Client.GetByteArrayAsync(response.Headers.Location, TestRegistry.Cancelled));
        using HttpResponseMessage gone = await registry.SendAsync("GET", location);
        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "BLOB_UPLOAD_UNKNOWN", gone);
    }

    [Fact]
    public async Task Chunks_StoreABlob()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();

        using HttpResponseMessage first = await registry.SendAsync("PATCH", location, Content[..4], ("Content-Range", "0-3"));
        using HttpResponseMessage status = await registry.SendAsync("GET", location);
        using HttpResponseMessage second = await registry.SendAsync("PATCH", location, Content[4..8], ("Content-Range", "4-7"));
        using HttpResponseMessage last = await registry.SendAsync(
            "PUT", $"{location}?digest={ContentDigest}", Content[8..], ("Content-Range", "8-9"));

        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        Assert.Equal("0-3", first.Headers.GetValues("Range").Single());
        Assert.Equal(location, first.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.NoContent, status.StatusCode);
        Assert.Equal("0-3", status.Headers.GetValues("Range").Single());
        Assert.Equal("0-7", second.Headers.GetValues("Range").Single());
        Assert.Equal(HttpStatusCode.Created, last.StatusCode);
    }

    [Fact]
    public async Task StreamedPatch_StoresABlob()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();
        using var content = new StreamContent(new MemoryStream(Content));

        using HttpResponseMessage patch = await registry.SendAsync("PATCH", location, content, ("Transfer-Encoding", "chunked"));
        using HttpResponseMessage put = await registry.SendAsync("PUT", $"{location}?digest={ContentDigest}");

        Assert.Equal("0-9", patch.Headers.GetValues("Range").Single());
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    [Fact]
    public async Task PostWithDigest_StoresABlobAtOnce()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        using HttpResponseMessage response = await registry.SendAsync(
            "POST", $"/v2/a/b/blobs/uploads/?digest={ContentDigest}", Content);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(Content, await registry.Client.GetByteArrayAsync(response.Headers.Location, TestRegistry.Cancelled));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789")]
    public async Task Sha512_IsTakenAsWell(string text)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        byte[] content = System.Text.Encoding.UTF8.GetBytes(text);
        Digest digest = Digest.Compute(content, Digest.Sha512);
        using HttpResponseMessage start = await registry.SendAsync(
            "POST", "/v2/a/b/blobs/uploads/?digest-algorithm=sha512");

        using HttpResponseMessage put = await registry.SendAsync("PUT", $"{start.Headers.Location}?digest={digest}", content);

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(content, await registry.Client.GetByteArrayAsync(put.Headers.Location, TestRegistry.Cancelled));
    }

    [Theory]
    [InlineData("?digest=sha256:abc")] // too short
    [InlineData("?digest=blake3:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")] // cannot be verified
    [InlineData("?digest-algorithm=md5")]
    [InlineData("?mount=latest&from=a/b")]
    public async Task Post_RefusesWhatIsNoDigest(string query)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        using HttpResponseMessage response = await registry.SendAsync("POST", "/v2/a/b/blobs/uploads/" + query, Content);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "DIGEST_INVALID", response);
    }

    [Fact]
    public async Task PostWithDigest_RefusesOtherContentAndKeepsNothing()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(new RegistryServerOptions { MaxUploads = 1 });

        using HttpResponseMessage response = await registry.SendAsync(
            "POST", $"/v2/a/b/blobs/uploads/?digest={ContentDigest}", "another"u8.ToArray());

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "DIGEST_INVALID", response);
        using HttpResponseMessage blob = await registry.SendAsync("HEAD", $"/v2/a/b/blobs/{ContentDigest}");
        Assert.Equal(HttpStatusCode.NotFound, blob.StatusCode);
        await registry.StartUploadAsync();
    }

    [Theory]
    [InlineData("", "DIGEST_INVALID")] // no digest
    [InlineData("?digest=latest", "DIGEST_INVALID")]
    [InlineData("?digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "DIGEST_INVALID")]
    public async Task Put_RefusesAnotherDigest(string query, string code)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();

        using HttpResponseMessage response = await registry.SendAsync("PUT", location + query, Content);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, code, response);
    }

    [Fact]
    public async Task Delete_CancelsAnUpload()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();

        using HttpResponseMessage response = await registry.SendAsync("DELETE", location);
        using HttpResponseMessage again = await registry.SendAsync("DELETE", location);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "BLOB_UPLOAD_UNKNOWN", again);
    }

    [Fact]
    public async Task Upload_BelongsToItsRepository()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync("victim");
        await registry.StartUploadAsync("attacker");
        string stolen = location.Replace("victim", "attacker", StringComparison.Ordinal);

        using HttpResponseMessage response = await registry.SendAsync("PATCH", stolen, Content);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "BLOB_UPLOAD_UNKNOWN", response);
    }

    [Fact]
    public async Task Mount_TakesABlobFromAnotherRepository()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync(Content, "from/here");

        using HttpResponseMessage before = await registry.SendAsync("HEAD", $"/v2/to/there/blobs/{blob.Digest}");
        using HttpResponseMessage response = await registry.SendAsync(
            "POST", $"/v2/to/there/blobs/uploads/?mount={blob.Digest}&from=from/here");

        Assert.Equal(HttpStatusCode.NotFound, before.StatusCode);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(Content, await registry.Client.GetByteArrayAsync(response.Headers.Location, TestRegistry.Cancelled));
    }

    [Theory]
    [InlineData("&from=from/elsewhere")] // no such repository
    [InlineData("&from=from/here")] // which has no such blob
    [InlineData("")] // from nowhere
    public async Task Mount_BeginsAnUploadWhereItCannotTake(string from)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        await registry.PushBlobAsync("other"u8.ToArray(), "from/here");

        using HttpResponseMessage response = await registry.SendAsync(
            "POST", $"/v2/to/there/blobs/uploads/?mount={ContentDigest}{from}");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.NotNull(response.Headers.Location);
    }

    [Fact]
    public async Task Post_TellsMoreUploadsToComeBackLater()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(new RegistryServerOptions { MaxUploads = 2 });
        await registry.StartUploadAsync();
        string second = await registry.StartUploadAsync();

        using HttpResponseMessage refused = await registry.SendAsync("POST", "/v2/a/b/blobs/uploads/");
        using HttpResponseMessage cancelled = await registry.SendAsync("DELETE", second);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.TooManyRequests, "TOOMANYREQUESTS", refused);
        await registry.StartUploadAsync();
    }
}
