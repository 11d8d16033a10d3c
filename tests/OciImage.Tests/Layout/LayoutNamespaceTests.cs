using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout;

public sealed class LayoutNamespaceTests : IDisposable
{
    private const string Name = "docker.io/library/alpine:3";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("version")]
    [InlineData(".a")]
    [InlineData("a-")]
    [InlineData("a--b")]
    [InlineData("a/b")]
    [InlineData("../a")]
    [InlineData("ä")]
    [InlineData("a b")]
    public void Namespace_RefusesWhatContainerdDoes(string name) =>
        Assert.ThrowsAny<ArgumentException>(() => new OciLayoutOptions { Namespace = name });

    [Fact]
    public void Namespace_HasALimit()
    {
        Assert.Equal(76, new OciLayoutOptions { Namespace = new string('a', 76) }.Namespace.Length);
        Assert.Throws<ArgumentException>(() => new OciLayoutOptions { Namespace = new string('a', 77) });
    }

    [Fact]
    public async Task Tag_IsSeenInItsNamespaceAlone()
    {
        OciLayout layout = await CreateAsync();
        OciLayout other = layout.InNamespace("k8s.io");
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.TagAsync(image, "v1", Token);
        await other.TagAsync(image, Name, Token);

        OciLayout reopened = await OciLayout.OpenAsync(
            layout.DirectoryPath, new OciLayoutOptions { Namespace = "k8s.io" }, Token);

        Assert.Equal(["v1"], await layout.ListReferencesAsync(Token).ToListAsync(Token));
        Assert.Equal([Name], await reopened.ListReferencesAsync(Token).ToListAsync(Token));
        Assert.Equal(image, await reopened.ResolveAsync(Name, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.ResolveAsync(Name, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await reopened.ResolveAsync("v1", Token));
        Assert.Equal(["default", "k8s.io"], await layout.ListNamespacesAsync(Token).ToListAsync(Token));
    }

    [Fact]
    public async Task Tag_OutsideOfTheDefaultNamespaceIsNoneToOtherTools()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");

        await layout.InNamespace("moby").TagAsync(image, "v1", Token);

        Descriptor entry = Assert.Single((await layout.ReadIndexAsync(Token)).Value.Manifests);
        Assert.Equal(
            new Dictionary<string, string> { ["dev.ociimage.namespace"] = "moby", ["dev.ociimage.name"] = "v1" },
            entry.Annotations);
    }

    [Fact]
    public async Task Untag_LeavesOtherNamespacesAlone()
    {
        OciLayout layout = await CreateAsync();
        OciLayout other = layout.InNamespace("other");
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.TagAsync(image, "v1", Token);
        await other.TagAsync(image, "v1", Token);

        await layout.UntagAsync("v1", Token);

        Assert.Equal(image, await other.ResolveAsync("v1", Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.UntagAsync("v1", Token));
    }

    [Fact]
    public async Task Tag_MovesWithItsLabelsInItsNamespace()
    {
        OciLayout layout = await CreateAsync();
        OciLayout other = layout.InNamespace("other");
        Descriptor first = await TestContent.PushImageAsync(layout, "a");
        Descriptor second = await TestContent.PushImageAsync(layout, "b");
        await layout.TagAsync(first, "v1", Token);
        await other.TagAsync(first, "v1", Token);
        await other.SetLabelsAsync("v1", new Dictionary<string, string?> { ["a"] = "1", ["b"] = "2" }, Token);
        await other.SetLabelsAsync("v1", new Dictionary<string, string?> { ["a"] = null, ["c"] = "" }, Token);

        await other.TagAsync(second, "v1", Token);

        LayoutRoot root = Assert.Single(await other.ListRootsAsync(cancellationToken: Token).ToListAsync(Token));
        Assert.Equal(second, root.Descriptor);
        Assert.Equal(new Dictionary<string, string> { ["b"] = "2", ["c"] = "" }, root.Labels);
        Assert.Equal(first, await layout.ResolveAsync("v1", Token));
        Assert.Empty((await other.ResolveAsync("v1", Token)).Annotations);
    }

    [Theory]
    [InlineData(1, 4096)] // one byte too many
    [InlineData(0, 1)]
    [InlineData(2000, 2097)]
    public async Task SetLabels_RefusesWhatContainerdDoes(int key, int value)
    {
        OciLayout layout = await CreateAsync();
        await layout.TagAsync(await TestContent.PushImageAsync(layout, "a"), "v1", Token);

        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await layout.SetLabelsAsync(
            "v1", new Dictionary<string, string?> { [new string('k', key)] = new string('v', value) }, Token));

        await layout.SetLabelsAsync("v1", new Dictionary<string, string?> { ["k"] = new string('v', 4095) }, Token);
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.SetLabelsAsync(
            "v2", new Dictionary<string, string?> { ["k"] = "v" }, Token));
    }

    [Fact]
    public async Task Delete_LeavesWhatAnotherNamespaceReaches()
    {
        OciLayout layout = await CreateAsync();
        OciLayout other = layout.InNamespace("other");
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        Descriptor index = await TestContent.PushIndexAsync(layout, [image]);
        await layout.TagAsync(image, "v1", Token);
        await other.TagAsync(index, Name, Token);

        await layout.DeleteAsync(image, Token);
        bool isThere = await layout.ExistsAsync(image, Token);
        await other.DeleteAsync(index, Token);
        await layout.DeleteAsync(image, Token);

        Assert.True(isThere);
        Assert.False(await layout.ExistsAsync(image, Token));
        Assert.Empty((await layout.ReadIndexAsync(Token)).Value.Manifests);
    }

    [Fact]
    public async Task Delete_LeavesWhatALeaseKeepsUntilItEnds()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.TagAsync(image, "v1", Token);
        LayoutLease lease = await layout.Leases.CreateAsync(cancellationToken: Token);
        await layout.Leases.AddAsync(lease.Id, [image], Token);

        await layout.DeleteAsync(image, Token);
        bool isThere = await layout.ExistsAsync(image, Token);
        await layout.Leases.DeleteAsync(lease.Id, Token);
        await layout.DeleteAsync(image, Token);

        Assert.True(isThere);
        Assert.False(await layout.ExistsAsync(image, Token));
    }

    [Fact]
    public async Task Referrers_AreThoseOfTheNamespace()
    {
        OciLayout layout = await CreateAsync();
        OciLayout other = layout.InNamespace("other");
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        Descriptor signature = await TestContent.PushManifestAsync(
            other, Descriptor.Empty, [], manifest => manifest with { Subject = image, ArtifactType = "a/b" });

        Assert.Empty(await layout.ListReferrersAsync(image, cancellationToken: Token).ToListAsync(Token));
        Descriptor referrer = Assert.Single(await other.ListReferrersAsync(image, cancellationToken: Token).ToListAsync(Token));
        Assert.Equal(signature.Digest, referrer.Digest);
    }

    [Fact]
    public async Task ClearNamespace_TakesItsRootsAndLeasesAlone()
    {
        OciLayout layout = await CreateAsync();
        OciLayout other = layout.InNamespace("other");
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.TagAsync(image, "v1", Token);
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "kept" }, Token);
        await other.TagAsync(image, "v1", Token);
        await other.AddRootAsync(image, Token);
        LayoutLease lease = await other.Leases.CreateAsync(new LeaseOptions { Labels = { ["k"] = "v" } }, Token);
        await other.Leases.AddAsync(lease.Id, [image], Token);

        int removed = await other.ClearNamespaceAsync(Token);

        Assert.Equal(2, removed);
        Assert.Equal(0, await other.ClearNamespaceAsync(Token));
        Assert.Equal(["default"], await layout.ListNamespacesAsync(Token).ToListAsync(Token));
        Assert.Equal(["dev.ociimage.lease/default/kept"], (await layout.ReadIndexAsync(Token)).Value.Annotations.Keys);
        Assert.Equal(image, await layout.ResolveAsync("v1", Token));
    }

    [Theory]
    [InlineData("not a namespace")]
    [InlineData("version")]
    [InlineData("../../etc")]
    public async Task List_PassesOverNamespacesThatAreNone(string name)
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.AddRootAsync(image, Token);
        await LayoutFile.ChangeAsync(layout, index => index with
        {
            Manifests = [image with { Annotations = new Dictionary<string, string> { ["dev.ociimage.namespace"] = name } }],
        });

        CollectionReport report = await layout.CollectAsync(
            new CollectionOptions { GracePeriod = TimeSpan.Zero, PruneUntagged = PruneScope.OwnNamespace }, Token);

        Assert.Empty(await layout.ListNamespacesAsync(Token).ToListAsync(Token));
        Assert.Empty(report.Removed);
        Assert.Equal(4, report.Kept);
    }

    private async Task<OciLayout> CreateAsync() => await OciLayout.OpenOrCreateAsync(
        _directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None }, Token);
}
