using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

/// <summary>What a copy of what is there already costs, in requests.</summary>
public sealed class CopyCostTests
{
    private static readonly OciDocument<ImageManifest> Manifest = RegistryFixture.Manifest();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Copy_OfATaggedImageThatIsThereAsksEachSideOnce()
    {
        await using ScriptedRegistry source = await ScriptedRegistry.StartAsync(context => AnswerAsync(context, Manifest));
        await using ScriptedRegistry target = await ScriptedRegistry.StartAsync(context => AnswerAsync(context, Manifest));
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient from = client.GetRepository(source.Host, RegistryFixture.Repository);
        RepositoryClient to = client.GetRepository(target.Host, RegistryFixture.Repository);

        Descriptor root = await from.ResolveAsync("v1", Token);
        Descriptor copied = await ContentCopy.CopyGraphAsync(from, to, root, "v1", null, Token);

        Assert.Equal(Manifest.Descriptor, copied);
        Assert.Equal([("HEAD", $"/v2/{RegistryFixture.Repository}/manifests/v1", null)], source.Requests);
        Assert.Equal([("HEAD", $"/v2/{RegistryFixture.Repository}/manifests/v1", null)], target.Requests);
    }

    [Fact]
    public async Task Copy_OfAnUntaggedImageThatIsThereAsksEachSideOnce()
    {
        string path = $"/v2/{RegistryFixture.Repository}/manifests/{Manifest.Descriptor.Digest}";
        await using ScriptedRegistry source = await ScriptedRegistry.StartAsync(context => AnswerAsync(context, Manifest));
        await using ScriptedRegistry target = await ScriptedRegistry.StartAsync(context => AnswerAsync(context, Manifest));
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient from = client.GetRepository(source.Host, RegistryFixture.Repository);

        Descriptor root = await from.ResolveAsync(Manifest.Descriptor.Digest.ToString(), Token);
        await ContentCopy.CopyGraphAsync(
            from, client.GetRepository(target.Host, RegistryFixture.Repository), root, null, null, Token);

        Assert.Equal([("HEAD", path, null)], source.Requests);
        Assert.Equal([("HEAD", path, null)], target.Requests);
    }

    [Fact]
    public async Task Copy_WithReferrersThatAreThereCarriesNothing()
    {
        OciDocument<ImageManifest> referrer = OciDocument<ImageManifest>.Create(
            Manifest.Value with { ArtifactType = "a/b", Subject = Manifest.Descriptor });
        Task Answer(HttpContext context)
        {
            string path = context.Request.Path.Value!;
            return path.Contains("/referrers/", StringComparison.Ordinal)
                ? WriteReferrersAsync(context, path.EndsWith(Manifest.Descriptor.Digest.ToString(), StringComparison.Ordinal) ? [referrer.Descriptor] : [])
                : AnswerAsync(context, path.EndsWith(referrer.Descriptor.Digest.ToString(), StringComparison.Ordinal) ? referrer : Manifest);
        }

        await using ScriptedRegistry source = await ScriptedRegistry.StartAsync(Answer);
        await using ScriptedRegistry target = await ScriptedRegistry.StartAsync(Answer);
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient from = client.GetRepository(source.Host, RegistryFixture.Repository);

        Descriptor root = await from.ResolveAsync("v1", Token);
        await ContentCopy.CopyGraphAsync(
            from, client.GetRepository(target.Host, RegistryFixture.Repository), root, "v1",
            new CopyOptions { IncludeReferrers = true }, Token);

        string[] asked = [.. source.Requests.Select(request => $"{request.Method} {request.Path.Split('/')[^2]}")];
        Assert.Equal(["HEAD manifests", "GET referrers", "GET referrers"], asked);
        Assert.Equal(["HEAD", "HEAD"], target.Requests.Select(request => request.Method));
    }

    private static Task AnswerAsync(HttpContext context, OciDocument<ImageManifest> manifest)
    {
        context.Response.Headers["Docker-Content-Digest"] = manifest.Descriptor.Digest.ToString();
        return context.WriteManifestAsync(manifest);
    }

    private static async Task WriteReferrersAsync(HttpContext context, IReadOnlyList<Descriptor> referrers)
    {
        var index = OciDocument<ImageIndex>.Create(
            new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = referrers }, MediaTypes.ImageIndex);
        context.Response.ContentType = MediaTypes.ImageIndex;
        context.Response.ContentLength = index.Bytes.Length;
        await context.Response.Body.WriteAsync(index.Bytes);
    }
}
