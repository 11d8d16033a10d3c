using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

public sealed class RepositoryClientPushTests
{
    private static readonly byte[] Content = "content of a layer"u8.ToArray();
    private static readonly Descriptor Blob = Descriptor.Create("application/octet-stream", Content);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v2/test/app/blobs/uploads/1?state=a%2Fb%3D", "/v2/test/app/blobs/uploads/1?state=a%2Fb%3D&digest=")] // kept to the letter
    [InlineData("elsewhere/1", "/v2/test/app/blobs/uploads/elsewhere/1?digest=")] // relative to the request
    public async Task Push_AppendsTheDigestToTheLocation(string location, string expectedStart)
    {
        byte[]? received = null;
        long? length = null;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Method == "POST")
            {
                Assert.Equal(0, context.Request.ContentLength);
                context.Response.StatusCode = 202;
                context.Response.Headers.Location = location;
                return;
            }

            length = context.Request.ContentLength;
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received = body.ToArray();
            context.Response.StatusCode = 201;
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        await client.GetRepository(registry.Host, RegistryFixture.Repository)
            .PushAsync(Blob, ReplayableContent.FromBytes(Content), Token);

        Assert.Equal(Content, received);
        Assert.Equal(Content.Length, length);
        (string method, string path, _) = registry.Requests.Last();
        Assert.Equal("PUT", method);
        Assert.StartsWith(expectedStart, path, StringComparison.Ordinal);
        Assert.EndsWith(Uri.EscapeDataString(Blob.Digest.ToString()), path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_OfOtherContentIsRefusedBeforeItIsComplete()
    {
        bool completed = false;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Method == "POST")
            {
                context.Response.StatusCode = 202;
                context.Response.Headers.Location = "/v2/test/app/blobs/uploads/1";
                return;
            }

            if (context.Request.Method == "PUT")
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
                completed = true;
            }
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        byte[] other = [.. Content];
        other[3] ^= 1;

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository)
            .PushAsync(Blob, ReplayableContent.FromBytes(other), Token));

        Assert.False(completed);
        Assert.Contains(registry.Requests, request => request.Method == "DELETE"); // the session is given back
    }

    [Fact]
    public async Task Push_StartsANewSessionAfterATransientFailure()
    {
        int sessions = 0;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Method == "POST")
            {
                context.Response.StatusCode = 202;
                context.Response.Headers.Location = $"/v2/test/app/blobs/uploads/{++sessions}";
                return;
            }

            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = context.Request.Path.Value!.EndsWith("/1", StringComparison.Ordinal) ? 502 : 201;
        });
        using RegistryClient client = RegistryFixture.CreateClient(retries: 1);

        await client.GetRepository(registry.Host, RegistryFixture.Repository)
            .PushAsync(Blob, ReplayableContent.FromBytes(Content), Token);

        Assert.Equal(2, sessions);
    }

    [Fact]
    public async Task Push_SendsNoCredentialToALocationOnAnotherOrigin() // R12
    {
        await using ScriptedRegistry storage = await ScriptedRegistry.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = 201;
        });
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            if (context.Request.Headers.Authorization.Count == 0)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
                return Task.CompletedTask;
            }

            context.Response.StatusCode = 202;
            context.Response.Headers.Location = $"http://{storage.Host}/upload?signed=1";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "secret"));

        await client.GetRepository(registry.Host, RegistryFixture.Repository)
            .PushAsync(Blob, ReplayableContent.FromBytes(Content), Token);

        Assert.Null(Assert.Single(storage.Requests).Authorization);
    }

    [Fact]
    public async Task TryMount_IsDoneByTheRegistryOrNotAtAll()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            bool known = context.Request.Query["from"] == "test/known";
            context.Response.StatusCode = context.Request.Method == "DELETE" ? 204 : known ? 201 : 202;
            context.Response.Headers.Location = "/v2/test/app/blobs/uploads/1";
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient target = client.GetRepository(registry.Host, RegistryFixture.Repository);

        bool mounted = await target.TryMountAsync(Blob, client.GetRepository(registry.Host, "test/known"), Token);
        bool refused = await target.TryMountAsync(Blob, client.GetRepository(registry.Host, "test/unknown"), Token);
        bool elsewhere = await target.TryMountAsync(Blob, client.GetRepository("127.0.0.1:1", "test/known"), Token);

        Assert.Equal((true, false, false), (mounted, refused, elsewhere));

        // The upload that it began instead is the one that the push goes on with.
        await target.PushAsync(Blob, ReplayableContent.FromBytes(Content), Token);
        Assert.Equal(["POST", "POST", "PUT"], registry.Requests.Select(request => request.Method));
    }

    [Fact]
    public async Task Push_OfAManifestHasItsMediaTypeAndBytes()
    {
        OciDocument<ImageManifest> manifest = RegistryFixture.Manifest();
        byte[]? received = null;
        string? type = null;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            (received, type) = (body.ToArray(), context.Request.ContentType);
            context.Response.StatusCode = 201;
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        await client.GetRepository(registry.Host, RegistryFixture.Repository)
            .PushAsync(manifest.Descriptor, ReplayableContent.FromBytes(manifest.Bytes), "v1", Token);

        Assert.Equal(manifest.Bytes.ToArray(), received);
        Assert.Equal(MediaTypes.ImageManifest, type);
        Assert.Equal("/v2/test/app/manifests/v1", Assert.Single(registry.Requests).Path);
    }
}
