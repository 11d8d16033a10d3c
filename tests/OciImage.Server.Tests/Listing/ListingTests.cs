using System.Net;
using System.Text.Json;

namespace OciImage.Server.Tests.Listing;

public sealed class ListingTests
{
    [Theory]
    [InlineData("", "1.0,2.0,A,latest", null)]
    [InlineData("?n=2", "1.0,2.0", "</v2/a/b/tags/list?n=2&last=2.0>; rel=\"next\"")]
    [InlineData("?n=2&last=2.0", "A,latest", null)]
    [InlineData("?last=A", "latest", null)]
    [InlineData("?n=4", "1.0,2.0,A,latest", null)]
    [InlineData("?n=99999", "1.0,2.0,A,latest", null)]
    [InlineData("?n=0", "", null)]
    [InlineData("?last=zzz", "", null)]
    [InlineData("?last=1.5", "2.0,A,latest", null)] // a tag that is gone by now
    public async Task Tags_AreListedInPages(string query, string expected, string? link)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        foreach (string tag in (string[])["latest", "2.0", "A", "1.0"])
        {
            await registry.PushManifestAsync(tag);
        }

        using HttpResponseMessage response = await registry.SendAsync("GET", "/v2/a/b/tags/list" + query);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using JsonDocument body = await ReadAsync(response);
        Assert.Equal("a/b", body.RootElement.GetProperty("name").GetString());
        Assert.Equal(expected, string.Join(',', Strings(body.RootElement.GetProperty("tags"))));
        Assert.Equal(link, response.Headers.TryGetValues("Link", out var links) ? links.Single() : null);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("99999999999")]
    [InlineData("1e3")]
    public async Task Tags_RefuseWhatIsNoNumber(string n)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        await registry.PushManifestAsync("latest");

        using HttpResponseMessage response = await registry.SendAsync("GET", $"/v2/a/b/tags/list?n={n}");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "UNSUPPORTED", response);
    }

    [Fact]
    public async Task Tags_OfAnUnknownRepositoryAreRefused()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        using HttpResponseMessage response = await registry.SendAsync("GET", "/v2/a/b/tags/list");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "NAME_UNKNOWN", response);
    }

    [Theory]
    [InlineData("", "a/b,c,d", null)]
    [InlineData("?n=1", "a/b", "</v2/_catalog?n=1&last=a%2Fb>; rel=\"next\"")]
    [InlineData("?n=1&last=a%2Fb", "c", "</v2/_catalog?n=1&last=c>; rel=\"next\"")]
    [InlineData("?n=1&last=c", "d", null)]
    public async Task Catalog_IsListedInPages(string query, string expected, string? link)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        foreach (string repository in (string[])["d", "a/b", "c"])
        {
            await registry.PushBlobAsync([1], repository);
        }

        using HttpResponseMessage response = await registry.SendAsync("GET", "/v2/_catalog" + query);

        using JsonDocument body = await ReadAsync(response);
        Assert.Equal(expected, string.Join(',', Strings(body.RootElement.GetProperty("repositories"))));
        Assert.Equal(link, response.Headers.TryGetValues("Link", out var links) ? links.Single() : null);
    }

    [Fact]
    public async Task Referrers_AreAnIndexWithTypeAndAnnotations()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> subject = await registry.PushManifestAsync("latest");
        OciDocument<ImageManifest> referrer = await registry.PushManifestAsync("signature", "a/b", "sig", subject.Descriptor);

        using HttpResponseMessage response = await registry.SendAsync(
            "GET", $"/v2/a/b/referrers/{subject.Descriptor.Digest}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(MediaTypes.ImageIndex, response.Content.Headers.ContentType?.ToString());
        Assert.False(response.Headers.Contains("OCI-Filters-Applied"));
        Descriptor listed = Assert.Single(await ReadIndexAsync(response));
        Assert.Equal(referrer.Descriptor.Digest, listed.Digest);
        Assert.Equal("application/vnd.test.config.v1+json", listed.ArtifactType);
        Assert.Equal("sig", listed.Annotations["test"]);
    }

    [Theory]
    [InlineData("application/vnd.test.config.v1+json", 1)]
    [InlineData("application/vnd.test.other+json", 0)]
    public async Task Referrers_AreFiltered(string artifactType, int count)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> subject = await registry.PushManifestAsync("latest");
        await registry.PushManifestAsync("signature", "a/b", "sig", subject.Descriptor);

        using HttpResponseMessage response = await registry.SendAsync(
            "GET", $"/v2/a/b/referrers/{subject.Descriptor.Digest}?artifactType={Uri.EscapeDataString(artifactType)}");

        Assert.Equal("artifactType", response.Headers.GetValues("OCI-Filters-Applied").Single());
        Assert.Equal(count, (await ReadIndexAsync(response)).Count);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("nowhere")]
    public async Task Referrers_OfNothingAreAnEmptyList(string repository)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        await registry.PushManifestAsync("latest");

        using HttpResponseMessage response = await registry.SendAsync(
            "GET", $"/v2/{repository}/referrers/{Digest.Compute("x"u8)}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""",
            await response.Content.ReadAsStringAsync(TestRegistry.Cancelled));
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("sha256:abc")]
    public async Task Referrers_RefuseWhatIsNoDigest(string digest)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        using HttpResponseMessage response = await registry.SendAsync("GET", $"/v2/a/b/referrers/{digest}");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "DIGEST_INVALID", response);
    }

    [Fact]
    public async Task Referrers_GoOnInPagesThatClientsCanRead()
    {
        var store = new ManyReferrersStore(count: 40, annotationLength: 400_000);
        await using TestRegistry registry = await TestRegistry.StartAsync(repositories: new SingleRepository(store));
        var found = new HashSet<Digest>();
        string? next = $"/v2/a/b/referrers/{Digest.Compute([])}?artifactType=x%2By";
        int pages = 0;

        while (next is not null)
        {
            using HttpResponseMessage response = await registry.SendAsync("GET", next);
            Assert.InRange(response.Content.Headers.ContentLength!.Value, 1, DocumentOptions.DefaultMaxSize);
            found.UnionWith((await ReadIndexAsync(response)).Select(descriptor => descriptor.Digest));
            next = response.Headers.TryGetValues("Link", out var links) ? links.Single().Split('<', '>')[1] : null;
            pages++;
        }

        Assert.Equal(40, found.Count);
        Assert.InRange(pages, 8, 10);
    }

    private static async Task<IReadOnlyList<Descriptor>> ReadIndexAsync(HttpResponseMessage response) =>
        OciDocument<ImageIndex>.Parse(
            await response.Content.ReadAsByteArrayAsync(TestRegistry.Cancelled), MediaTypes.ImageIndex).Value.Manifests;

    private static async Task<JsonDocument> ReadAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(TestRegistry.Cancelled));

    private static IEnumerable<string?> Strings(JsonElement array) =>
        array.EnumerateArray().Select(element => element.GetString());
}
