using System.Net;
using CsCheck;
using OciImage.Server.Routing;

namespace OciImage.Server.Tests.Routing;

public sealed class PathTests
{
    private static readonly string[] Parts = ["blobs", "uploads", "manifests", "tags", "list", "referrers", "a", "v2"];

    [Theory]
    [InlineData("", "Ping", "", "")]
    [InlineData("_catalog", "Catalog", "", "")]
    [InlineData("a/tags/list", "Tags", "a", "")]
    [InlineData("a/manifests/tags/list", "Tags", "a/manifests", "")]
    [InlineData("a/b/c/manifests/latest", "Manifest", "a/b/c", "latest")]
    [InlineData("blobs/manifests/latest", "Manifest", "blobs", "latest")]
    [InlineData("manifests/manifests/manifests/manifests", "Manifest", "manifests/manifests", "manifests")]
    [InlineData("a/blobs/uploads/manifests/latest", "Manifest", "a/blobs/uploads", "latest")]
    [InlineData("tags/manifests/list", "Manifest", "tags", "list")]
    [InlineData("a/referrers/x", "Referrers", "a", "x")]
    [InlineData("a/blobs/x", "Blob", "a", "x")]
    [InlineData("a/blobs/uploads/", "Uploads", "a", "")]
    [InlineData("a/blobs/uploads", "Uploads", "a", "")]
    [InlineData("a/blobs/uploads/x", "Upload", "a", "x")]
    [InlineData("uploads/blobs/uploads/uploads", "Upload", "uploads", "uploads")]
    [InlineData("blobs/uploads/blobs/x", "Blob", "blobs/uploads", "x")]
    [InlineData("manifests/latest", "Manifest", "", "latest")] // refused for its name later
    [InlineData("a", "Unknown", "", "")]
    [InlineData("a/tags", "Unknown", "", "")]
    [InlineData("a/tags/list/", "Unknown", "", "")]
    [InlineData("_catalog/", "Unknown", "", "")]
    [InlineData("a/manifests/x/y", "Unknown", "", "")]
    public void Parse_ReadsFromTheRight(string path, string kind, string repository, string reference)
    {
        RegistryRoute route = RegistryRoute.Parse(path);

        Assert.Equal(new RegistryRoute(Enum.Parse<RouteKind>(kind), repository, reference), route);
    }

    [Fact]
    public void Parse_FindsAnyRepositoryAndReference()
    {
        Gen<string> component = Gen.Int[0, Parts.Length - 1].Select(i => Parts[i]);
        Gen<string> name = component.Array[1, 4].Select(parts => string.Join('/', parts));

        name.Select(component).Sample((repository, reference) =>
        {
            Assert.Equal(
                new RegistryRoute(RouteKind.Manifest, repository, reference),
                RegistryRoute.Parse($"{repository}/manifests/{reference}"));
            Assert.Equal(
                new RegistryRoute(RouteKind.Referrers, repository, reference),
                RegistryRoute.Parse($"{repository}/referrers/{reference}"));
            Assert.Equal(
                new RegistryRoute(RouteKind.Upload, repository, reference),
                RegistryRoute.Parse($"{repository}/blobs/uploads/{reference}"));
        });
    }

    [Fact]
    public void Parse_NeverThrows()
    {
        Gen.String.Sample(path => RegistryRoute.Parse(path));
        Gen.Char["/ab"].Array.Select(path => new string(path)).Sample(path => RegistryRoute.Parse(path));
    }

    [Theory]
    [InlineData("A/b")] // upper case
    [InlineData("a%20b")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("-a")]
    [InlineData("a..b")]
    [InlineData("a___b")]
    [InlineData("a%2Fb")] // a slash that is none
    [InlineData("a%00b")]
    [InlineData("%C3%A9")]
    [InlineData("a:b")]
    [InlineData("a@b")]
    [InlineData("a%5Cb")]
    public async Task MalformedName_IsRefused(string name)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        string answer = await registry.SendRawAsync(
            $"POST /v2/{name}/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400", answer);
        Assert.Empty(await registry.Repositories.ListAsync(TestRegistry.Cancelled).ToListAsync(TestRegistry.Cancelled));
    }

    [Fact]
    public async Task NameThatIsTooLong_IsRefused()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();

        using HttpResponseMessage response = await registry.SendAsync(
            "POST", $"/v2/{new string('a', 256)}/blobs/uploads/");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "NAME_INVALID", response);
    }

    [Theory]
    [InlineData("/v2/../etc/passwd")]
    [InlineData("/v2/%2e%2e/etc/passwd")]
    [InlineData("/v2/a/../../etc/manifests/latest")]
    [InlineData("/v2/%2e%2e%2f%2e%2e%2fetc/manifests/latest")]
    [InlineData("/v2/a/manifests/%2e%2e%2fx")]
    [InlineData("/v2/a/manifests/..")]
    [InlineData("/v2/..%5c..%5cetc/manifests/latest")]
    [InlineData("/v2/a/blobs/uploads/../../../x")]
    [InlineData("//v2/a/tags/list")]
    [InlineData("/v2//")]
    [InlineData("/V3/")]
    public async Task PathTricks_FindNothing(string path)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        await registry.PushManifestAsync("latest", "a");

        string answer = await registry.SendRawAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Matches("^HTTP/1.1 40[04] ", answer);
    }

    [Theory]
    [InlineData("blobs")]
    [InlineData("a/manifests/b")]
    [InlineData("tags/list")]
    [InlineData("v2/blobs/uploads")]
    [InlineData("a__b/c-d/e.f")]
    public async Task UnusualNames_Work(string repository)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        OciDocument<ImageManifest> manifest = await registry.PushManifestAsync("latest", repository);

        byte[] bytes = await registry.Client.GetByteArrayAsync($"/v2/{repository}/manifests/latest", TestRegistry.Cancelled);

        Assert.Equal(manifest.Bytes.ToArray(), bytes);
    }
}
