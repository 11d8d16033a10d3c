using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using OciImage.Content;

namespace OciImage.Server.Tests;

public sealed class RegistryEndpointsTests
{
    [Fact]
    public async Task MapOciRegistry_ServesBelowAPrefixBesideOtherEndpoints()
    {
        await using WebApplication application = Build();
        application.MapGroup("/hub").MapOciRegistry(new MemoryRepositoryProvider());
        application.Map("/health", context => Task.CompletedTask);
        await application.StartAsync(TestRegistry.Cancelled);
        using var client = new HttpClient { BaseAddress = new Uri(application.Urls.Single()) };

        using HttpResponseMessage health = await client.GetAsync("/health", TestRegistry.Cancelled);
        using HttpResponseMessage ping = await client.GetAsync("/hub/v2/", TestRegistry.Cancelled);
        using HttpResponseMessage start = await client.PostAsync("/hub/v2/a/blobs/uploads/", null, TestRegistry.Cancelled);
        using var body = new StreamContent(new ZeroStream(40_000_000)); // above the server's own limit of 30 MB
        using HttpResponseMessage patch = await client.PatchAsync(start.Headers.Location, body, TestRegistry.Cancelled);

        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal(HttpStatusCode.OK, ping.StatusCode);
        Assert.StartsWith("/hub/v2/a/blobs/uploads/", start.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.Accepted, patch.StatusCode);
        await application.StopAsync(TestRegistry.Cancelled);
    }

    [Fact]
    public async Task MapOciRegistry_RefusesNull()
    {
        await using WebApplication application = Build();

        Assert.Throws<ArgumentNullException>(() => application.MapOciRegistry(null!));
        Assert.Throws<ArgumentNullException>(
            () => RegistryEndpoints.MapOciRegistry(null!, new MemoryRepositoryProvider()));
    }

    [Fact]
    public void Options_RefuseValuesWithoutSense()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new RegistryServerOptions { MaxManifestSize = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RegistryServerOptions { MaxBlobSize = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RegistryServerOptions { MaxUploads = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RegistryServerOptions { UploadTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RegistryServerOptions { UploadTimeout = TimeSpan.FromDays(31) });
        Assert.Throws<ArgumentNullException>(() => new RegistryServerOptions { TimeProvider = null! });
    }

    private static WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");

        return builder.Build();
    }
}
