using System.Net;

namespace OciImage.Server.Tests.Blobs;

public sealed class BlobTests
{
    private static readonly byte[] Content = "0123456789"u8.ToArray();

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Get_TellsDigestLengthAndType(string method)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync(Content);

        using HttpResponseMessage response = await registry.SendAsync(method, $"/v2/a/b/blobs/{blob.Digest}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(10, response.Content.Headers.ContentLength);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(blob.Digest.ToString(), response.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal($"\"{blob.Digest}\"", response.Headers.ETag?.Tag);
        Assert.Equal("bytes", response.Headers.AcceptRanges.Single());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Theory]
    [InlineData("bytes=0-0", "0", "bytes 0-0/10")]
    [InlineData("bytes=3-5", "345", "bytes 3-5/10")]
    [InlineData("bytes=7-", "789", "bytes 7-9/10")]
    [InlineData("bytes=-2", "89", "bytes 8-9/10")]
    [InlineData("bytes=-20", "0123456789", "bytes 0-9/10")]
    [InlineData("bytes=8-99999999999999999999", "89", "bytes 8-9/10")]
    [InlineData("Bytes=3-5", "345", "bytes 3-5/10")] // units have no case
    public async Task Get_SendsARange(string range, string expected, string contentRange)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync(Content);

        using HttpResponseMessage response = await registry.SendAsync(
            "GET", $"/v2/a/b/blobs/{blob.Digest}", (byte[]?)null, ("Range", range));

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(contentRange, response.Content.Headers.GetValues("Content-Range").Single());
        Assert.Equal(expected, await response.Content.ReadAsStringAsync(TestRegistry.Cancelled));
    }

    [Theory]
    [InlineData("bytes=10-")]
    [InlineData("bytes=99-100")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=5-3")]
    [InlineData("bytes=99999999999999999999-")]
    public async Task Get_RefusesARangeOutsideTheBlob(string range)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync(Content);

        using HttpResponseMessage response = await registry.SendAsync(
            "GET", $"/v2/a/b/blobs/{blob.Digest}", (byte[]?)null, ("Range", range));

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.Equal("bytes */10", response.Content.Headers.GetValues("Content-Range").Single());
    }

    [Theory]
    [InlineData("bytes=0-1,3-4")] // several ranges may be answered with everything
    [InlineData("bytes=a-b")]
    [InlineData("bytes=-")]
    [InlineData("bytes=")]
    [InlineData("lines=0-1")]
    public async Task Get_IgnoresWhatIsNoRange(string range)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync(Content);

        using HttpResponseMessage response = await registry.SendAsync(
            "GET", $"/v2/a/b/blobs/{blob.Digest}", (byte[]?)null, ("Range", range));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync(TestRegistry.Cancelled));
    }

    [Theory]
    [InlineData("\"{0}\"", HttpStatusCode.PartialContent)]
    [InlineData("\"another\"", HttpStatusCode.OK)]
    public async Task Get_SendsARangeOnlyOfTheContentThatTheClientHas(string condition, HttpStatusCode expected)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync(Content);

        using HttpResponseMessage response = await registry.SendAsync(
            "GET",
            $"/v2/a/b/blobs/{blob.Digest}",
            (byte[]?)null,
            ("Range", "bytes=1-2"),
            ("If-Range", condition.Replace("{0}", blob.Digest.ToString(), StringComparison.Ordinal)));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Get_SendsNothingThatTheClientHas()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync(Content);

        using HttpResponseMessage response = await registry.SendAsync(
            "GET", $"/v2/a/b/blobs/{blob.Digest}", (byte[]?)null, ("If-None-Match", $"\"x\", \"{blob.Digest}\""));

        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
    }

    [Fact]
    public async Task Get_SendsAnEmptyBlob()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync([]);

        using HttpResponseMessage response = await registry.SendAsync("GET", $"/v2/a/b/blobs/{blob.Digest}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(0, response.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Get_ShowsABlobOnlyInTheRepositoryThatHasIt()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync(Content, "mine");
        await registry.PushBlobAsync("other"u8.ToArray(), "yours");

        using HttpResponseMessage response = await registry.SendAsync("GET", $"/v2/yours/blobs/{blob.Digest}");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "BLOB_UNKNOWN", response);
    }

    [Theory]
    [InlineData("sha256:abc", HttpStatusCode.BadRequest, "DIGEST_INVALID")]
    [InlineData("latest", HttpStatusCode.BadRequest, "DIGEST_INVALID")]
    [InlineData(
        "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        HttpStatusCode.BadRequest,
        "DIGEST_INVALID")]
    [InlineData("blake3:abc", HttpStatusCode.NotFound, "BLOB_UNKNOWN")]
    public async Task Get_RefusesWhatIsNoDigest(string digest, HttpStatusCode status, string code)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        await registry.PushBlobAsync(Content);

        using HttpResponseMessage response = await registry.SendAsync("GET", $"/v2/a/b/blobs/{digest}");

        await TestRegistry.AssertRefusedAsync(status, code, response);
    }

    [Fact]
    public async Task Delete_RemovesABlob()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync(Content);

        using HttpResponseMessage response = await registry.SendAsync("DELETE", $"/v2/a/b/blobs/{blob.Digest}");
        using HttpResponseMessage again = await registry.SendAsync("DELETE", $"/v2/a/b/blobs/{blob.Digest}");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "BLOB_UNKNOWN", again);
    }

    [Fact]
    public async Task Get_BreaksOffWhereTheStoreHasOtherContent()
    {
        var store = new CorruptStore();
        await using TestRegistry registry = await TestRegistry.StartAsync(repositories: new SingleRepository(store));

        using HttpResponseMessage response = await registry.SendAsync("GET", $"/v2/a/b/blobs/{store.Promised.Digest}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => response.Content.ReadAsByteArrayAsync(TestRegistry.Cancelled));
    }
}
