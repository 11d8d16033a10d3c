using Microsoft.Extensions.Time.Testing;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout;

public sealed class LayoutLeaseTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new(Start);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Create_IsSeenByWhoeverOpensTheLayout()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");

        LayoutLease lease = await layout.Leases.CreateAsync(
            new LeaseOptions { Id = "build-1", Lifetime = TimeSpan.FromHours(1), Labels = { ["a/b"] = "c d" } }, Token);
        await layout.Leases.AddAsync("build-1", [image, image], Token);

        LayoutLease read = Assert.Single(await (await CreateAsync()).Leases.ListAsync(Token).ToListAsync(Token));
        Assert.Equal(("build-1", "default", Start, Start + TimeSpan.FromHours(1)), (read.Id, read.Namespace, read.Created, read.Expires));
        Assert.Equal(new Dictionary<string, string> { ["a/b"] = "c d" }, read.Labels);
        Assert.Equal([image], read.Content);
        Assert.Equal(lease.Created, read.Created);
    }

    [Fact]
    public async Task Collect_KeepsWhatALeaseKeeps_UntilItHasEnded()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        Descriptor layer = await TestImage.PushAsync(layout, MediaTypes.Layer, "a layer without an image");
        LayoutLease lease = await layout.Leases.CreateAsync(new LeaseOptions { Lifetime = TimeSpan.FromHours(1) }, Token);
        await layout.Leases.AddAsync(lease.Id, [image, layer], Token);
        LayoutFile.MakeOld(layout);

        _time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        CollectionReport before = await CollectAsync(layout);
        _time.Advance(TimeSpan.FromTicks(1));
        CollectionReport after = await CollectAsync(layout);

        Assert.Empty(before.Removed);
        Assert.Equal(5, before.Kept);
        Assert.Equal(5, after.Removed.Count);
        Assert.Equal(1, after.EndedLeases);
        Assert.Empty(await layout.Leases.ListAsync(Token).ToListAsync(Token));
        ImageIndex index = (await layout.ReadIndexAsync(Token)).Value;
        Assert.Empty(index.Manifests);
        Assert.Empty(index.Annotations);
    }

    [Fact]
    public async Task Renew_LetsItLastLonger_ButDoesNotReviveIt()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "a", Lifetime = TimeSpan.FromHours(1) }, Token);
        await layout.Leases.AddAsync("a", [image], Token);
        LayoutFile.MakeOld(layout);

        _time.Advance(TimeSpan.FromMinutes(59));
        await layout.Leases.RenewAsync("a", TimeSpan.FromHours(1), Token);
        _time.Advance(TimeSpan.FromMinutes(59));
        CollectionReport report = await CollectAsync(layout);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(4, report.Kept);
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.Leases.RenewAsync("a", null, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.Leases.AddAsync("a", [image], Token));
    }

    [Fact]
    public async Task Lifetime_OfNoneLastsUntilItIsDeleted()
    {
        OciLayout layout = await CreateAsync();
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "a", Lifetime = null }, Token);
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "b", Lifetime = TimeSpan.MaxValue }, Token);

        _time.Advance(TimeSpan.FromDays(10_000));
        await CollectAsync(layout);
        string[] before = [.. await layout.Leases.ListAsync(Token).Select(lease => lease.Id).ToListAsync(Token)];
        await layout.Leases.DeleteAsync("a", Token);

        Assert.Equal(["a", "b"], before);
        Assert.Null(await layout.Leases.FindAsync("a", Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.Leases.DeleteAsync("a", Token));
    }

    [Fact]
    public async Task Add_TakesAllOrNothing()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "a" }, Token);

        await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await layout.Leases.AddAsync("a", [image, TestContent.Describe("absent")], Token));

        Assert.Empty((await layout.Leases.FindAsync("a", Token))!.Content);
    }

    [Fact]
    public async Task Create_RefusesTheNameOfALiveLeaseOfTheNamespace()
    {
        OciLayout layout = await CreateAsync();
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "a", Lifetime = TimeSpan.FromHours(1) }, Token);

        await layout.InNamespace("other").Leases.CreateAsync(new LeaseOptions { Id = "a" }, Token);
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await layout.Leases.CreateAsync(new LeaseOptions { Id = "a" }, Token));
        _time.Advance(TimeSpan.FromHours(1));
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "a" }, Token);

        Assert.Throws<ArgumentException>(() => new LeaseOptions { Id = "a/b" });
    }

    [Fact]
    public async Task Lease_IsNoRootOfTheNamespace()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "a" }, Token);
        await layout.Leases.AddAsync("a", [image], Token);

        await layout.AddRootAsync(image, Token);
        await layout.TagAsync(image, "v1", Token);
        await layout.UntagAsync("v1", Token);

        Assert.Empty(await layout.ListRootsAsync(cancellationToken: Token).ToListAsync(Token));
        Assert.Equal([image], (await layout.Leases.FindAsync("a", Token))!.Content);
    }

    [Fact]
    public async Task Collect_KeepsALeasesContent_WhereAnotherToolLostTheRecord()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "a", Lifetime = TimeSpan.FromHours(1) }, Token);
        await layout.Leases.AddAsync("a", [image], Token);
        await LayoutFile.ChangeAsync(layout, index => index with { Annotations = new Dictionary<string, string>() });
        LayoutFile.MakeOld(layout);

        CollectionReport before = await CollectAsync(layout);
        LayoutLease? lease = await layout.Leases.FindAsync("a", Token);
        _time.Advance(TimeSpan.FromHours(1));
        CollectionReport after = await CollectAsync(layout);

        Assert.Equal(4, before.Kept);
        Assert.Equal((null, Start + TimeSpan.FromHours(1)), (lease!.Created, lease.Expires));
        Assert.Equal(4, after.Removed.Count);
    }

    [Theory]
    [InlineData("dev.ociimage.lease/", "x")]
    [InlineData("dev.ociimage.lease/default", "x")]
    [InlineData("dev.ociimage.lease/default/a", "never ever")]
    [InlineData("dev.ociimage.lease/default/a", "")]
    [InlineData("dev.ociimage.lease-label/default/a", "x")]
    [InlineData("dev.ociimage.lease-label//", "x")]
    public async Task Read_SurvivesRecordsThatAreNone(string key, string value)
    {
        OciLayout layout = await CreateAsync();
        await LayoutFile.ChangeAsync(
            layout, index => index with { Annotations = new Dictionary<string, string> { [key] = value } });

        await layout.Leases.CreateAsync(new LeaseOptions { Id = "b" }, Token);
        await CollectAsync(layout);

        Assert.NotNull(await layout.Leases.FindAsync("b", Token));
    }

    private static async Task<CollectionReport> CollectAsync(OciLayout layout) =>
        await layout.CollectAsync(new CollectionOptions { GracePeriod = TimeSpan.FromDays(1) }, Token);

    private async Task<OciLayout> CreateAsync() => await OciLayout.OpenOrCreateAsync(
        _directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None, TimeProvider = _time }, Token);
}
