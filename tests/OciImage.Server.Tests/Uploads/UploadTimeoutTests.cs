using System.Net;
using Microsoft.Extensions.Time.Testing;
using OciImage.Content;

namespace OciImage.Server.Tests.Uploads;

public sealed class UploadTimeoutTests
{
    [Fact]
    public async Task RestingUpload_IsRemoved()
    {
        var time = new FakeTimeProvider();
        await using TestRegistry registry = await TestRegistry.StartAsync(
            new RegistryServerOptions { TimeProvider = time, UploadTimeout = TimeSpan.FromMinutes(10) });
        string location = await registry.StartUploadAsync();
        string id = location[(location.LastIndexOf('/') + 1)..];
        var store = (IContentIngester)(await registry.Repositories.GetAsync("a/b", false, TestRegistry.Cancelled))!;

        time.Advance(TimeSpan.FromMinutes(13));

        using HttpResponseMessage response = await registry.SendAsync("GET", location);
        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "BLOB_UPLOAD_UNKNOWN", response);
        Assert.Null(await store.GetIngestStatusAsync(id, TestRegistry.Cancelled));
    }

    [Fact]
    public async Task UsedUpload_IsKept()
    {
        var time = new FakeTimeProvider();
        await using TestRegistry registry = await TestRegistry.StartAsync(
            new RegistryServerOptions { TimeProvider = time, UploadTimeout = TimeSpan.FromMinutes(10) });
        string location = await registry.StartUploadAsync();

        for (int i = 0; i < 4; i++)
        {
            time.Advance(TimeSpan.FromMinutes(7));
            using HttpResponseMessage patch = await registry.SendAsync("PATCH", location, [1]);
            Assert.Equal(HttpStatusCode.Accepted, patch.StatusCode);
        }
    }

    [Fact]
    public async Task Restart_GoesOnWithAnUploadThatTheStoreHasKept()
    {
        var repositories = new MemoryRepositoryProvider();
        string location;
        await using (TestRegistry first = await TestRegistry.StartAsync(repositories: repositories))
        {
            location = await first.StartUploadAsync();
            using HttpResponseMessage patch = await first.SendAsync("PATCH", location, "0123"u8.ToArray());
        }

        await using TestRegistry second = await TestRegistry.StartAsync(repositories: repositories);
        using HttpResponseMessage status = await second.SendAsync("GET", location);
        using HttpResponseMessage put = await second.SendAsync(
            "PUT", $"{location}?digest={Digest.Compute("01234567"u8)}", "4567"u8.ToArray(), ("Content-Range", "4-7"));

        Assert.Equal("0-3", status.Headers.GetValues("Range").Single());
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }
}
