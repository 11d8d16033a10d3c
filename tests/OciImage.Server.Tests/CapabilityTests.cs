using System.Net;
using OciImage.Content;

namespace OciImage.Server.Tests;

public sealed class CapabilityTests
{
    [Theory]
    [InlineData("GET", "tags/list", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "blobs/uploads/", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "blobs/uploads/00000000-0000-4000-8000-000000000000", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "manifests/latest", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "manifests/{digest}", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "blobs/{digest}", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "referrers/{digest}", HttpStatusCode.NotFound)] // what makes clients fall back to tags
    public async Task MissingCapability_IsUnsupported(string method, string path, HttpStatusCode status)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(
            repositories: new SingleRepository(new BareStore()));
        path = path.Replace("{digest}", Digest.Compute([]).ToString(), StringComparison.Ordinal);

        using HttpResponseMessage response = await registry.SendAsync(method, $"/v2/a/b/{path}");

        await TestRegistry.AssertRefusedAsync(status, "UNSUPPORTED", response);
    }

    [Fact]
    public async Task Subject_IsNotConfirmedWhereReferrersCannotBeListed()
    {
        var store = new BareStore();
        await using TestRegistry registry = await TestRegistry.StartAsync(repositories: new SingleRepository(store));
        OciDocument<ImageIndex> index = OciDocument<ImageIndex>.Create(
            new ImageIndex { MediaType = MediaTypes.ImageIndex, Subject = Descriptor.Empty });

        using HttpResponseMessage response = await registry.PutManifestAsync(
            "/v2/a/b/manifests/latest", index.Bytes, MediaTypes.ImageIndex);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.False(response.Headers.Contains("OCI-Subject"));
        Assert.Equal(index.Descriptor, await store.ResolveAsync("latest", TestRegistry.Cancelled));
    }
}
