using System.Net;
using System.Text;

namespace OciImage.Server.Tests;

[Collection(nameof(LoadCollection))]
public sealed class LoadTests
{
    private const long Size = 64 * 1024 * 1024;
    private const long Allowed = 16 * 1024 * 1024;

    [Fact]
    public async Task LargeBlob_PassesThroughBoundedMemory()
    {
        var store = new HashingStore(Size);
        await using TestRegistry registry = await TestRegistry.StartAsync(repositories: new SingleRepository(store));
        string location = await registry.StartUploadAsync();
        using var body = new StreamContent(new ZeroStream(Size));
        long before = GC.GetTotalAllocatedBytes(precise: true);

        using HttpResponseMessage patch = await registry.SendAsync("PATCH", location, body, ("Transfer-Encoding", "chunked"));
        using HttpResponseMessage put = await registry.SendAsync("PUT", $"{location}?digest={store.Zeros.Digest}");
        using HttpResponseMessage get = await registry.SendAsync("GET", $"/v2/a/b/blobs/{store.Zeros.Digest}");
        await get.Content.CopyToAsync(Stream.Null, TestRegistry.Cancelled);

        // Everything that was allocated, by both sides, for 128 MiB that went over the wire.
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        Assert.Equal($"0-{Size - 1}", patch.Headers.GetValues("Range").Single());
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(Size, get.Content.Headers.ContentLength);
        Assert.InRange(allocated, 0, Allowed);
    }

    [Fact]
    public async Task SixteenClients_PushAndPullAtTheSameTime()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        byte[] shared = new byte[200_000];
        Random.Shared.NextBytes(shared);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(client => Task.Run(async () =>
        {
            string repository = $"client/{client % 4}";
            for (int i = 0; i < 5; i++)
            {
                Descriptor blob = await registry.PushBlobAsync(shared, repository);
                OciDocument<ImageManifest> manifest = await registry.PushManifestAsync(
                    $"{client}.{i}", repository, $"{client}.{i}");
                byte[] pulled = await registry.Client.GetByteArrayAsync(
                    $"/v2/{repository}/manifests/{client}.{i}", TestRegistry.Cancelled);
                byte[] layer = await registry.Client.GetByteArrayAsync(
                    $"/v2/{repository}/blobs/{blob.Digest}", TestRegistry.Cancelled);

                Assert.Equal(manifest.Bytes.ToArray(), pulled);
                Assert.Equal(shared, layer);
            }
        })));

        string tags = Encoding.UTF8.GetString(
            await registry.Client.GetByteArrayAsync("/v2/client/0/tags/list", TestRegistry.Cancelled));
        Assert.Equal(20, tags.Count(c => c == '.'));
    }
}
