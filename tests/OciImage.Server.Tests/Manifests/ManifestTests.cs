using System.Net;
using System.Text;
using OciImage.Content;

namespace OciImage.Server.Tests.Manifests;

public sealed class ManifestTests
{
    [Fact]
    public async Task Put_StoresTheBytesAsTheyCame()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.CreateManifestAsync();
        byte[] bytes = [.. manifest.Bytes.Span, .. "\n  \n"u8];
        Digest digest = Digest.Compute(bytes);

        using HttpResponseMessage put = await registry.PutManifestAsync(
            "/v2/a/b/manifests/latest", bytes, MediaTypes.ImageManifest);
        using HttpResponseMessage byTag = await registry.SendAsync("GET", "/v2/a/b/manifests/latest");
        using HttpResponseMessage byDigest = await registry.SendAsync("GET", $"/v2/a/b/manifests/{digest}");

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal($"/v2/a/b/manifests/{digest}", put.Headers.Location!.ToString());
        Assert.Equal(digest.ToString(), put.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal(bytes, await byTag.Content.ReadAsByteArrayAsync(TestRegistry.Cancelled));
        Assert.Equal(bytes, await byDigest.Content.ReadAsByteArrayAsync(TestRegistry.Cancelled));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Get_TellsDigestLengthAndType(string method)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.PushManifestAsync("latest");

        using HttpResponseMessage response = await registry.SendAsync(method, "/v2/a/b/manifests/latest");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(manifest.Bytes.Length, response.Content.Headers.ContentLength);
        Assert.Equal(MediaTypes.ImageManifest, response.Content.Headers.ContentType?.ToString());
        Assert.Equal(manifest.Descriptor.Digest.ToString(), response.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal($"\"{manifest.Descriptor.Digest}\"", response.Headers.ETag?.Tag);
    }

    [Theory]
    [InlineData(MediaTypes.ImageManifest)]
    [InlineData("application/vnd.oci.image.manifest.v1+json; charset=utf-8")] // parameters say nothing
    [InlineData("application/json")]
    [InlineData(null)]
    public async Task Put_TakesTheTypeFromTheDocumentWhereTheHeaderSaysNothing(string? mediaType)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.CreateManifestAsync();

        using HttpResponseMessage put = await registry.PutManifestAsync(
            "/v2/a/b/manifests/latest", manifest.Bytes, mediaType);
        using HttpResponseMessage head = await registry.SendAsync("HEAD", "/v2/a/b/manifests/latest");

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(MediaTypes.ImageManifest, head.Content.Headers.ContentType?.ToString());
    }

    [Theory]
    [InlineData(Digest.Sha256)]
    [InlineData(Digest.Sha512)]
    public async Task Put_ByDigestSetsTheTagsOfTheQuery(string algorithm)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.CreateManifestAsync();
        Digest digest = Digest.Compute(manifest.Bytes.Span, algorithm);

        using HttpResponseMessage put = await registry.PutManifestAsync(
            $"/v2/a/b/manifests/{digest}?tag=1.2&tag=1&tag=1", manifest.Bytes, MediaTypes.ImageManifest);
        using HttpResponseMessage head = await registry.SendAsync("HEAD", "/v2/a/b/manifests/1.2");

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(digest.ToString(), put.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal("1.2, 1", put.Headers.GetValues("OCI-Tag").Single());
        Assert.Equal(digest.ToString(), head.Headers.GetValues("Docker-Content-Digest").Single());
    }

    [Fact]
    public async Task Put_NamesWhatIsMissing()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.CreateManifestAsync("elsewhere");

        using HttpResponseMessage response = await registry.PutManifestAsync(
            "/v2/a/b/manifests/latest", manifest.Bytes, MediaTypes.ImageManifest);

        string body = await response.Content.ReadAsStringAsync(TestRegistry.Cancelled);
        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "MANIFEST_BLOB_UNKNOWN", response);
        Assert.Contains(manifest.Value.Config.Digest.ToString(), body, StringComparison.Ordinal);
        Assert.Contains(manifest.Value.Layers[0].Digest.ToString(), body, StringComparison.Ordinal);
        Assert.Null(await registry.Repositories.GetAsync("a/b", create: false, TestRegistry.Cancelled));
    }

    [Fact]
    public async Task Put_DoesNotMissWhatIsNotDistributed()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.CreateManifestAsync();
        ImageManifest foreign = manifest.Value with
        {
            Layers = [Descriptor.Create(MediaTypes.DockerForeignLayerGzip, "x"u8) with { Urls = ["https://example.com/x"] }],
        };

        using HttpResponseMessage response = await registry.PutManifestAsync(
            "/v2/a/b/manifests/latest", OciDocument<ImageManifest>.Create(foreign).Bytes, MediaTypes.ImageManifest);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task Put_TakesASubjectThatIsNotThere()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor subject = Descriptor.Create(MediaTypes.ImageManifest, "absent"u8);
        OciDocument<ImageManifest> manifest = await registry.CreateManifestAsync(subject: subject);

        using HttpResponseMessage response = await registry.PutManifestAsync(
            $"/v2/a/b/manifests/{manifest.Descriptor.Digest}", manifest.Bytes, MediaTypes.ImageManifest);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(subject.Digest.ToString(), response.Headers.GetValues("OCI-Subject").Single());
    }

    [Theory]
    [InlineData("", MediaTypes.ImageManifest)]
    [InlineData("{", MediaTypes.ImageManifest)]
    [InlineData("[]", null)]
    [InlineData("{}", MediaTypes.ImageManifest)]
    [InlineData("""{"schemaVersion":2,"manifests":[],"layers":[]}""", MediaTypes.ImageIndex)] // CVE-2021-41190
    [InlineData("""{"schemaVersion":2,"manifests":[],"Manifests":[]}""", MediaTypes.ImageIndex)]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""", MediaTypes.ImageManifest)]
    [InlineData("""{"schemaVersion":2,"mediaType":"text/plain","manifests":[]}""", null)]
    [InlineData("""{"schemaVersion":2,"manifests":[]}""", "text/plain")]
    [InlineData("""{"schemaVersion":1,"fsLayers":[]}""", MediaTypes.DockerManifestSchema1)]
    public async Task Put_RefusesWhatIsNoManifest(string body, string? mediaType)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        using HttpResponseMessage response = await registry.PutManifestAsync(
            "/v2/a/b/manifests/latest", Encoding.UTF8.GetBytes(body), mediaType);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "MANIFEST_INVALID", response);
        Assert.Null(await registry.Repositories.GetAsync("a/b", create: false, TestRegistry.Cancelled));
    }

    [Theory]
    [InlineData(-1)] // as long as a length can be: refused before a byte is read
    [InlineData(4 * 1024 * 1024 + 1)]
    public async Task Put_RefusesAManifestThatIsTooLarge(int length)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        string answer;
        if (length < 0)
        {
            answer = await registry.SendRawAsync(
                $"PUT /v2/a/b/manifests/latest HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {long.MaxValue}\r\n\r\n");
        }
        else
        {
            using var content = new StreamContent(new MemoryStream(new byte[length]));
            using HttpResponseMessage response = await registry.SendAsync(
                "PUT", "/v2/a/b/manifests/latest", content, ("Transfer-Encoding", "chunked"));
            answer = $"HTTP/1.1 {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(TestRegistry.Cancelled)}";
        }

        Assert.StartsWith("HTTP/1.1 413", answer);
        Assert.Contains("SIZE_INVALID", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "DIGEST_INVALID")]
    [InlineData("sha256:abc", "DIGEST_INVALID")]
    [InlineData("blake3:abc", "DIGEST_INVALID")]
    [InlineData(".hidden", "MANIFEST_INVALID")]
    [InlineData("a%20b", "MANIFEST_INVALID")]
    public async Task Put_RefusesAnotherReference(string reference, string code)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.CreateManifestAsync();

        using HttpResponseMessage response = await registry.PutManifestAsync(
            $"/v2/a/b/manifests/{reference}", manifest.Bytes, MediaTypes.ImageManifest);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, code, response);
    }

    [Theory]
    [InlineData("a/b", "unknown", "MANIFEST_UNKNOWN")]
    [InlineData("a/b", ".INVALID", "MANIFEST_UNKNOWN")]
    [InlineData("a/b", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "MANIFEST_UNKNOWN")]
    [InlineData("nowhere", "latest", "NAME_UNKNOWN")]
    public async Task Get_TellsWhatIsNotThere(string repository, string reference, string code)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        await registry.PushManifestAsync("latest");

        using HttpResponseMessage response = await registry.SendAsync("GET", $"/v2/{repository}/manifests/{reference}");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, code, response);
    }

    [Fact]
    public async Task Get_DoesNotTakeABlobForAManifest()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        Descriptor blob = await registry.PushBlobAsync("{}"u8.ToArray());

        using HttpResponseMessage response = await registry.SendAsync("GET", $"/v2/a/b/manifests/{blob.Digest}");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "MANIFEST_UNKNOWN", response);
    }

    [Fact]
    public async Task Get_RecognisesAManifestOfWhichTheStoreKnowsNoType()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.CreateManifestAsync();
        await registry.PushBlobAsync(manifest.Bytes.ToArray());

        using HttpResponseMessage response = await registry.SendAsync(
            "HEAD", $"/v2/a/b/manifests/{manifest.Descriptor.Digest}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(MediaTypes.ImageManifest, response.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task Delete_OfATagLeavesTheManifest()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.PushManifestAsync("latest");

        using HttpResponseMessage response = await registry.SendAsync("DELETE", "/v2/a/b/manifests/latest");
        using HttpResponseMessage again = await registry.SendAsync("DELETE", "/v2/a/b/manifests/latest");
        using HttpResponseMessage byDigest = await registry.SendAsync(
            "HEAD", $"/v2/a/b/manifests/{manifest.Descriptor.Digest}");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "MANIFEST_UNKNOWN", again);
        Assert.Equal(HttpStatusCode.OK, byDigest.StatusCode);
    }

    [Fact]
    public async Task Delete_OfAManifestTakesItsTagsAlong()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.PushManifestAsync("latest");
        string path = $"/v2/a/b/manifests/{manifest.Descriptor.Digest}";

        using HttpResponseMessage response = await registry.SendAsync("DELETE", path);
        using HttpResponseMessage again = await registry.SendAsync("DELETE", path);
        using HttpResponseMessage tag = await registry.SendAsync("GET", "/v2/a/b/manifests/latest");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "MANIFEST_UNKNOWN", again);
        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "MANIFEST_UNKNOWN", tag);
    }
}
