using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

public sealed class RepositoryClientExistsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(403, false)] // some registries say it of what is not there
    [InlineData(404, false)]
    [InlineData(200, true)]
    public async Task Exists_TakesARefusalForAbsence(int status, bool expected)
    {
        Descriptor blob = RegistryFixture.Blob("content");
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentLength = status == 200 ? blob.Size : 0;
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        bool exists = await client.GetRepository(registry.Host, RegistryFixture.Repository).ExistsAsync(blob, Token);

        Assert.Equal(expected, exists);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(500)]
    public async Task Exists_TakesNoOtherFailureForAnAnswer(int status)
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).ExistsAsync(RegistryFixture.Blob("content"), Token));

        Assert.Equal(status, (int)error.StatusCode!);
    }

    [Fact]
    public async Task Exists_IsFalseForContentOfAnotherLength()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.ContentLength = 3;
            return Task.CompletedTask;
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        Assert.False(await client
            .GetRepository(registry.Host, RegistryFixture.Repository).ExistsAsync(RegistryFixture.Blob("content"), Token));
    }
}
