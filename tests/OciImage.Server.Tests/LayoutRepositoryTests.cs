using System.Net;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Server.Tests;

public sealed class LayoutRepositoryTests
{
    private static readonly OciLayoutOptions Quick = new() { Durability = Durability.None };

    [Fact]
    public async Task Restart_ServesWhatWasPushedBefore()
    {
        using var directory = new TemporaryDirectory();
        OciDocument<ImageManifest> manifest;
        OciDocument<ImageManifest> referrer;
        await using (TestRegistry first = await StartAsync(directory))
        {
            manifest = await first.PushManifestAsync("latest", "library/a");
            referrer = await first.PushManifestAsync("sig", "library/a", "sig", manifest.Descriptor);
            await first.PushBlobAsync([1], "b");
        }

        await using TestRegistry second = await StartAsync(directory);
        byte[] pulled = await second.Client.GetByteArrayAsync("/v2/library/a/manifests/latest", TestRegistry.Cancelled);
        string tags = await second.Client.GetStringAsync("/v2/library/a/tags/list", TestRegistry.Cancelled);
        string catalog = await second.Client.GetStringAsync("/v2/_catalog", TestRegistry.Cancelled);
        string referrers = await second.Client.GetStringAsync(
            $"/v2/library/a/referrers/{manifest.Descriptor.Digest}", TestRegistry.Cancelled);

        Assert.Equal(manifest.Bytes.ToArray(), pulled);
        Assert.Equal("""{"name":"library/a","tags":["latest","sig"]}""", tags);
        Assert.Equal("""{"repositories":["b","library/a"]}""", catalog);
        Assert.Contains(referrer.Descriptor.Digest.ToString(), referrers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_OfARangeReadsThatPartAlone()
    {
        using var directory = new TemporaryDirectory();
        await using TestRegistry registry = await StartAsync(directory);
        Descriptor blob = await registry.PushBlobAsync(new byte[5_000_000]); // no document is as large, so none is looked for
        string path = directory.Combine("a/b/_oci/blobs/sha256", blob.Digest.Encoded);
        await using (var file = new FileStream(path, FileMode.Open))
        {
            // Damaged outside of the range, which a hash from the start would find at the end.
            file.WriteByte(1);
        }

        using HttpResponseMessage response = await registry.SendAsync(
            "GET", $"/v2/a/b/blobs/{blob.Digest}", (byte[]?)null, ("Range", "bytes=4999990-"));

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(new byte[10], await response.Content.ReadAsByteArrayAsync(TestRegistry.Cancelled));
    }

    [Fact]
    public async Task Restart_GoesOnWithAnUpload()
    {
        using var directory = new TemporaryDirectory();
        byte[] content = new byte[300_000];
        new Random(2).NextBytes(content);
        string location;
        await using (TestRegistry first = await StartAsync(directory))
        {
            location = await first.StartUploadAsync();
            using HttpResponseMessage patch = await first.SendAsync("PATCH", location, content[..200_000]);
        }

        await using TestRegistry second = await StartAsync(directory);
        long offset = await second.GetOffsetAsync(location);
        using HttpResponseMessage put = await second.SendAsync(
            "PUT",
            $"{location}?digest={Digest.Compute(content)}",
            content[200_000..],
            ("Content-Range", "200000-299999"));

        Assert.Equal(200_000, offset);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    [Fact]
    public async Task ChildOfAnIndex_HasItsType()
    {
        using var directory = new TemporaryDirectory();
        await using TestRegistry registry = await StartAsync(directory);
        OciDocument<ImageManifest> child = await registry.CreateManifestAsync();
        using HttpResponseMessage byDigest = await registry.PutManifestAsync(
            $"/v2/a/b/manifests/{child.Descriptor.Digest}", child.Bytes, MediaTypes.ImageManifest);
        OciDocument<ImageIndex> index = OciDocument<ImageIndex>.Create(
            new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = [child.Descriptor] });

        using HttpResponseMessage put = await registry.PutManifestAsync(
            "/v2/a/b/manifests/latest", index.Bytes, MediaTypes.ImageIndex);
        using HttpResponseMessage head = await registry.SendAsync("HEAD", $"/v2/a/b/manifests/{child.Descriptor.Digest}");

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(MediaTypes.ImageManifest, head.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task DeletesAndMounts_Work()
    {
        using var directory = new TemporaryDirectory();
        await using TestRegistry registry = await StartAsync(directory);
        OciDocument<ImageManifest> manifest = await registry.PushManifestAsync("latest");
        Digest layer = manifest.Value.Layers[0].Digest;

        using HttpResponseMessage mount = await registry.SendAsync(
            "POST", $"/v2/c/blobs/uploads/?mount={layer}&from=a/b");
        using HttpResponseMessage deleteBlob = await registry.SendAsync("DELETE", $"/v2/a/b/blobs/{layer}");
        using HttpResponseMessage deleteManifest = await registry.SendAsync(
            "DELETE", $"/v2/a/b/manifests/{manifest.Descriptor.Digest}");
        using HttpResponseMessage tag = await registry.SendAsync("GET", "/v2/a/b/manifests/latest");
        using HttpResponseMessage mounted = await registry.SendAsync("HEAD", $"/v2/c/blobs/{layer}");

        Assert.Equal(HttpStatusCode.Created, mount.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, deleteBlob.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, deleteManifest.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, tag.StatusCode);
        Assert.Equal(HttpStatusCode.OK, mounted.StatusCode);
    }

    [Theory]
    [InlineData("library/_oci")]
    [InlineData("_oci")]
    public async Task NameOfTheLayoutsFolder_IsNoRepository(string repository)
    {
        using var directory = new TemporaryDirectory();
        await using TestRegistry registry = await StartAsync(directory);

        using HttpResponseMessage response = await registry.SendAsync("POST", $"/v2/{repository}/blobs/uploads/");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "NAME_INVALID", response);
    }

    private static Task<TestRegistry> StartAsync(TemporaryDirectory directory) =>
        TestRegistry.StartAsync(repositories: new LayoutRepositoryProvider(directory.Path, Quick));
}
