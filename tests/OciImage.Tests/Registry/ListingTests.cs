using Microsoft.AspNetCore.Http;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

public sealed class ListingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ListReferences_LeavesOutWhatIsNoTag()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(
            context => context.Response.WriteAsync("""{"tags":["a",null,"../../x","b\u001b[31m","",".c","b"]}"""));
        using RegistryClient client = RegistryFixture.CreateClient();

        Assert.Equal(["a", "b"], await client.GetRepository(registry.Host, RegistryFixture.Repository)
            .ListReferencesAsync(Token).ToListAsync(Token));
    }

    [Fact]
    public async Task ListRepositories_GoesOnAfterAnEmptyPage()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            bool isFirst = !context.Request.QueryString.HasValue;
            context.Response.Headers.Link = isFirst ? "</v2/>; rel=\"prev\", <?last=x>; rel=\"next\"" : "";
            return context.Response.WriteAsync(isFirst ? """{"repositories":[]}""" : """{"repositories":["a/b","../c"]}""");
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        Assert.Equal(["a/b"], await client.ListRepositoriesAsync(registry.Host, Token).ToListAsync(Token));
    }

    [Fact]
    public async Task ListReferences_RefusesAPageWithoutEnd() // R22
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            byte[] blanks = new byte[64 * 1024];
            for (int i = 0; i < 16 * 1024 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Response.Body.WriteAsync(blanks, context.RequestAborted);
            }
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).ListReferencesAsync(Token).ToListAsync(Token));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(400)]
    [InlineData(405)]
    [InlineData(200)] // a page of HTML
    public async Task ListReferrers_ReadsTheFallbackTagWithoutAnApi(int status)
    {
        Descriptor referrer = RegistryFixture.Blob("r") with { MediaType = MediaTypes.ImageManifest, ArtifactType = "a/b" };
        Descriptor subject = RegistryFixture.Manifest().Descriptor;
        OciDocument<ImageIndex> index = OciDocument<ImageIndex>.Create(
            new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = [referrer] });
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Path.Value!.Contains("/referrers/", StringComparison.Ordinal))
            {
                context.Response.StatusCode = status;
                await context.Response.WriteAsync("<html>");
                return;
            }

            Assert.EndsWith($"/manifests/sha256-{subject.Digest.Encoded}", context.Request.Path.Value, StringComparison.Ordinal);
            context.Response.ContentType = MediaTypes.ImageIndex;
            await context.Response.Body.WriteAsync(index.Bytes);
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        Assert.Equal([referrer], await repository.ListReferrersAsync(subject, "a/b", Token).ToListAsync(Token));
        Assert.Empty(await repository.ListReferrersAsync(subject, "other", Token).ToListAsync(Token));
    }

    [Fact]
    public async Task ListReferrers_DoesNotTakeARefusalForNone()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 403;
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository)
            .ListReferrersAsync(RegistryFixture.Manifest().Descriptor, cancellationToken: Token).ToListAsync(Token));
    }

    [Fact]
    public async Task TryMount_WorksBetweenClientsOfOneRegistry()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 201;
            return Task.CompletedTask;
        });
        using RegistryClient one = RegistryFixture.CreateClient();
        using RegistryClient other = RegistryFixture.CreateClient();

        Assert.True(await one.GetRepository(registry.Host, "test/target")
            .TryMountAsync(RegistryFixture.Blob("x"), other.GetRepository(registry.Host, "test/source"), Token));
    }

    [Fact]
    public async Task Tag_ThatPointsThereAlreadyIsLeft()
    {
        OciDocument<ImageManifest> manifest = RegistryFixture.Manifest();
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.Headers["Docker-Content-Digest"] = manifest.Descriptor.Digest.ToString();
            return context.WriteManifestAsync(manifest);
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        await client.GetRepository(registry.Host, RegistryFixture.Repository).TagAsync(manifest.Descriptor, "v1", Token);

        Assert.Equal("HEAD", Assert.Single(registry.Requests).Method);
    }
}
