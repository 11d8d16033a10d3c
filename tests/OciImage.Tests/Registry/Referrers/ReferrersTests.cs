using OciImage.Content;
using OciImage.Registry;
using OciImage.Registry.Referrers;

namespace OciImage.Tests.Registry.Referrers;

/// <summary>Referrers where the registry keeps no list (docs/registry.md, "Referrers"; distribution-spec 1.1.1, "Unavailable Referrers API").</summary>
public sealed class ReferrersTests
{
    private static readonly Descriptor Subject = RegistryFixture.Manifest().Descriptor;
    private static readonly string Tag = FallbackTag.Of(Subject.Digest);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b", "sha256-6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b")]
    [InlineData("sha512:" + Hex128, "sha512-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")] // no longer than a tag may be
    [InlineData("test+algorithm.x:Ab=_c", "test-algorithm.x-Ab-_c")]
    public void FallbackTag_IsWhatTheSpecificationSays(string digest, string expected) =>
        Assert.Equal(expected, FallbackTag.Of(Digest.Parse(digest)));

    [Fact]
    public async Task Push_ListsTheManifestWithItsTypeAndAnnotations()
    {
        await using ManifestServer server = await new ManifestServer().StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient();
        OciDocument<ImageManifest> referrer = Referrer("a");

        await PushAsync(client, server, referrer);

        Descriptor entry = Assert.Single(Listed(server));
        Assert.Equal(referrer.Descriptor.Digest, entry.Digest);
        Assert.Equal("application/vnd.example.a", entry.ArtifactType);
        Assert.Equal("a", entry.Annotations["name"]);
        Descriptor seen = Assert.Single(await client.GetRepository(server.Host, RegistryFixture.Repository)
            .ListReferrersAsync(Subject, cancellationToken: Token).ToListAsync(Token));
        Assert.Equal(entry, seen);
    }

    [Fact]
    public async Task Push_OfManyAtOnceLosesNone()
    {
        await using ManifestServer server = await new ManifestServer().StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient();
        OciDocument<ImageManifest>[] referrers = [.. Enumerable.Range(0, 20).Select(i => Referrer($"r{i}"))];

        await Task.WhenAll(referrers.Select(referrer => PushAsync(client, server, referrer)));

        Assert.Equal(
            referrers.Select(referrer => referrer.Descriptor.Digest).ToHashSet(),
            Listed(server).Select(entry => entry.Digest).ToHashSet());
    }

    [Fact]
    public async Task Push_OfTheSameTwiceListsItOnce()
    {
        await using ManifestServer server = await new ManifestServer().StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient();

        await PushAsync(client, server, Referrer("a"));
        await PushAsync(client, server, Referrer("a"));

        Assert.Single(Listed(server));
        Assert.Equal(1, server.Requests.Count(request => request == $"PUT manifests/{Tag}"));
    }

    [Fact]
    public async Task Push_OfTwoClientsAtOnceLosesNoneWhereTheRegistryGivesMarks()
    {
        await using ManifestServer server = await new ManifestServer { HasMarks = true }.StartAsync();
        RegistryClient[] clients = [.. Enumerable.Range(0, 4).Select(i => RegistryFixture.CreateClient())];
        OciDocument<ImageManifest>[] referrers = [.. clients.Select((_, i) => Referrer($"r{i}"))];

        await Task.WhenAll(clients.Select((client, i) => PushAsync(client, server, referrers[i])));

        Assert.Equal(4, Listed(server).Count);
        Array.ForEach(clients, client => client.Dispose());
    }

    [Fact]
    public async Task Push_MakesTheChangeAgainWhereSomebodyElseWasFaster()
    {
        OciDocument<ImageManifest> other = Referrer("other");
        await using ManifestServer server = new() { HasMarks = true };
        bool raced = false;
        server.BeforePut = reference =>
        {
            if (reference == Tag && !raced)
            {
                raced = true;
                server.Manifests[Tag] = (MediaTypes.ImageIndex, OciDocument<ImageIndex>.Create(new ImageIndex
                {
                    MediaType = MediaTypes.ImageIndex,
                    Manifests = [other.Descriptor with { ArtifactType = "application/vnd.example.other" }],
                }).Bytes.ToArray());
            }
        };
        await server.StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient();

        await PushAsync(client, server, Referrer("a"));

        Assert.Equal(2, Listed(server).Count);
    }

    [Fact]
    public async Task Push_LeavesATagAloneThatIsNoList()
    {
        await using ManifestServer server = await new ManifestServer().StartAsync();
        OciDocument<ImageManifest> image = RegistryFixture.Manifest();
        server.Manifests[Tag] = (image.Descriptor.MediaType, image.Bytes.ToArray());
        using RegistryClient client = RegistryFixture.CreateClient();

        var error = await Assert.ThrowsAsync<RegistryException>(() => PushAsync(client, server, Referrer("a")));

        Assert.Contains(Tag, error.Message, StringComparison.Ordinal);
        Assert.Equal(image.Bytes.ToArray(), server.Manifests[Tag].Bytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // then the list stays, with nothing on it: its index may have other tags
    public async Task Delete_TakesTheManifestOffTheListAndTheLastOneTheTagWithIt(bool removesTags)
    {
        await using ManifestServer server = await new ManifestServer { RemovesTags = removesTags }.StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(server.Host, RegistryFixture.Repository);
        await PushAsync(client, server, Referrer("a"));
        await PushAsync(client, server, Referrer("b"));

        await repository.DeleteAsync(Referrer("a").Descriptor, Token);
        IReadOnlyList<Descriptor> afterFirst = Listed(server);
        await repository.DeleteAsync(Referrer("b").Descriptor, Token);

        Assert.Equal(Referrer("b").Descriptor.Digest, Assert.Single(afterFirst).Digest);
        Assert.Empty(removesTags ? [] : Listed(server));
        Assert.Equal(!removesTags, server.Manifests.ContainsKey(Tag));
    }

    [Fact]
    public async Task Untag_MovesTheTagAwayWhereOnlyManifestsCanBeRemoved() // registry-behaviours 71
    {
        await using ManifestServer server = await new ManifestServer { RemovesTags = false }.StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(server.Host, RegistryFixture.Repository);
        OciDocument<ImageManifest> image = RegistryFixture.Manifest();
        await repository.PushAsync(image.Descriptor, ReplayableContent.FromBytes(image.Bytes), "one", Token);
        await repository.PushAsync(image.Descriptor, ReplayableContent.FromBytes(image.Bytes), "two", Token);

        await repository.UntagAsync("one", Token);

        Assert.False(server.Manifests.ContainsKey("one"));
        Assert.True(server.Manifests.ContainsKey("two")); // the manifest and its other tags stay
        Assert.Equal(2, server.Manifests.Count);
    }

    [Fact]
    public async Task Untag_PutsTheTagBackWhereNothingCanBeRemoved()
    {
        await using ManifestServer server = await new ManifestServer { RemovesTags = false, RemovesManifests = false }.StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient();
        RepositoryClient repository = client.GetRepository(server.Host, RegistryFixture.Repository);
        OciDocument<ImageManifest> image = RegistryFixture.Manifest();
        await repository.PushAsync(image.Descriptor, ReplayableContent.FromBytes(image.Bytes), "one", Token);

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await repository.UntagAsync("one", Token));

        Assert.Equal(System.Net.HttpStatusCode.MethodNotAllowed, error.StatusCode);
        Assert.Equal(image.Bytes.ToArray(), server.Manifests["one"].Bytes);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 3)] // the digest's, which said nothing of tags, and one a tag
    public async Task Push_UnderSeveralTagsTakesOneRequestWhereItCan(bool takesTags, int requests)
    {
        await using ManifestServer server = await new ManifestServer { TakesTags = takesTags }.StartAsync();
        using RegistryClient client = RegistryFixture.CreateClient();
        OciDocument<ImageManifest> image = RegistryFixture.Manifest();

        await client.GetRepository(server.Host, RegistryFixture.Repository)
            .PushAsync(image.Descriptor, ReplayableContent.FromBytes(image.Bytes), (string[])["one", "two"], Token);

        Assert.True(server.Manifests.ContainsKey("one") && server.Manifests.ContainsKey("two"));
        Assert.Equal(requests, server.Requests.Count());
    }

    private const string Hex128 =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static OciDocument<ImageManifest> Referrer(string name) => OciDocument<ImageManifest>.Create(new ImageManifest
    {
        MediaType = MediaTypes.ImageManifest,
        ArtifactType = $"application/vnd.example.{name}",
        Config = Descriptor.Empty,
        Layers = [Descriptor.Empty],
        Subject = Subject,
        Annotations = new Dictionary<string, string> { ["name"] = name },
    });

    private static async Task PushAsync(RegistryClient client, ManifestServer server, OciDocument<ImageManifest> manifest) =>
        await client.GetRepository(server.Host, RegistryFixture.Repository)
            .PushAsync(manifest.Descriptor, ReplayableContent.FromBytes(manifest.Bytes), Token);

    private static IReadOnlyList<Descriptor> Listed(ManifestServer server) =>
        OciDocument<ImageIndex>.Parse(server.Manifests[Tag].Bytes, MediaTypes.ImageIndex).Value.Manifests;
}
