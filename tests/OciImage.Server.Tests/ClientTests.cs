using System.Net;
using OciImage.Content;
using OciImage.Registry;

namespace OciImage.Server.Tests;

/// <summary>The library's own client against the library's own server.</summary>
public sealed class ClientTests
{
    private static readonly RegistryServerOptions Guarded = new()
    {
        Authorize = (access, _) => new(access is { UserName: "alice", Password: "secret" }
            ? RegistryDecision.Allow
            : RegistryDecision.Challenge),
    };

    [Fact]
    public async Task Client_PushesPullsListsAndDeletes()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(Guarded);
        using RegistryClient client = Connect(new GivenCredentials("alice", "secret"));
        RepositoryClient repository = client.GetRepository(registry.Server.Host, "library/a");
        var source = new MemoryStore();
        Descriptor subject = await CreateAsync(source, "one", null);
        Descriptor referrer = await CreateAsync(source, "two", subject);
        var target = new MemoryStore();

        await ContentCopy.CopyGraphAsync(source, repository, subject, "1.0", null, TestRegistry.Cancelled);
        await ContentCopy.CopyGraphAsync(source, repository, referrer, "2.0", null, TestRegistry.Cancelled);
        Descriptor[] referrers = await repository.ListReferrersAsync(subject, null, TestRegistry.Cancelled)
            .ToArrayAsync(TestRegistry.Cancelled);
        await ContentCopy.CopyGraphAsync(repository, target, subject, "1.0", null, TestRegistry.Cancelled);
        await repository.DeleteAsync(referrer, TestRegistry.Cancelled);
        string[] tags = await repository.ListReferencesAsync(TestRegistry.Cancelled).ToArrayAsync(TestRegistry.Cancelled);

        Assert.Equal(referrer.Digest, Assert.Single(referrers).Digest);
        Assert.Equal(subject.Digest, (await target.ResolveAsync("1.0", TestRegistry.Cancelled)).Digest);
        Assert.Equal(["1.0"], tags);
    }

    [Fact]
    public async Task Client_IsRefusedWithOtherCredentials()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(Guarded);
        using RegistryClient client = Connect(new GivenCredentials("alice", "wrong"));
        RepositoryClient repository = client.GetRepository(registry.Server.Host, "library/a");

        var error = await Assert.ThrowsAsync<RegistryException>(
            () => repository.ResolveAsync("1.0", TestRegistry.Cancelled).AsTask());

        Assert.Equal(HttpStatusCode.Unauthorized, error.StatusCode);
    }

    private static RegistryClient Connect(IRegistryCredentialProvider credentials) =>
        new(new RegistryOptions { Scheme = RegistryScheme.Http, Credentials = credentials });

    private static async Task<Descriptor> CreateAsync(MemoryStore store, string text, Descriptor? subject)
    {
        Descriptor config = await PushAsync(store, "application/vnd.test.config", "{}"u8.ToArray());
        Descriptor layer = await PushAsync(store, "text/plain", System.Text.Encoding.UTF8.GetBytes(text));
        OciDocument<ImageManifest> manifest = OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = MediaTypes.ImageManifest,
            Config = config,
            Layers = [layer],
            Subject = subject,
        });

        return await PushAsync(store, manifest.Descriptor.MediaType, manifest.Bytes.ToArray());
    }

    private static async Task<Descriptor> PushAsync(MemoryStore store, string mediaType, byte[] bytes)
    {
        Descriptor descriptor = Descriptor.Create(mediaType, bytes);
        await store.PushAsync(descriptor, ReplayableContent.FromBytes(bytes), TestRegistry.Cancelled);

        return descriptor;
    }

    private sealed class GivenCredentials(string userName, string password) : IRegistryCredentialProvider
    {
        public ValueTask<RegistryCredential?> GetCredentialAsync(
            string registry, string repository, CancellationToken cancellationToken = default) =>
            new(new RegistryCredential(userName, password));
    }
}
