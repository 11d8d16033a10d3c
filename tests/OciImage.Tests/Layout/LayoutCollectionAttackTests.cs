using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout;

/// <summary>Documents and entries that lie about themselves: a collection keeps what any reader could find through them.</summary>
public sealed class LayoutCollectionAttackTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(MediaTypes.LayerGzip)]
    [InlineData(MediaTypes.ImageConfig)]
    [InlineData("text/plain")]
    public async Task Collect_KeepsWhatAnImageReaches_ThatIsListedUnderAnotherType(string mediaType)
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await LayoutFile.ChangeAsync(layout, index => index with { Manifests = [image with { MediaType = mediaType }] });
        LayoutFile.MakeOld(layout);

        CollectionReport report = await layout.CollectAsync(cancellationToken: Token);

        Assert.Equal((0, 4), (report.Removed.Count, report.Kept));
    }

    [Fact]
    public async Task Collect_KeepsWhatAnImageReaches_ThatAnIndexListsAsALayer()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        Descriptor index = await TestContent.PushIndexAsync(layout, [image with { MediaType = MediaTypes.LayerGzip }]);
        await layout.TagAsync(index, "v1", Token);
        LayoutFile.MakeOld(layout);

        CollectionReport report = await layout.CollectAsync(cancellationToken: Token);

        Assert.Equal((0, 5), (report.Removed.Count, report.Kept));
    }

    // What Go's readers accept: other cases of names, halves of surrogates, bytes that are no UTF-8.
    [Theory]
    [InlineData("""{"Layers":[{"Digest":"DIGEST"}]}""")]
    [InlineData("""{"layers":[{"DIGEST":"DIGEST"}]}""")]
    [InlineData("""{"a":{"mediaType":"\ud800"},"layers":[{"digest":"DIGEST"}]}""")]
    [InlineData("""{"a":[{"digest":"\udfff"}],"layers":[{"digest":"DIGEST","mediaType":"\ud800"}]}""")]
    [InlineData("""{"a":{"mediaType":"INVALID"},"layers":[{"d\u0069gest":"DIGEST"}]}""")]
    public async Task Collect_KeepsWhatSomeReaderFinds(string text)
    {
        OciLayout layout = await CreateAsync();
        Descriptor blob = await TestImage.PushAsync(layout, "a/b", "named in an odd way");
        byte[] bytes = [.. System.Text.Encoding.UTF8
            .GetBytes(text.Replace(":\"DIGEST\"", $":\"{blob.Digest}\"", StringComparison.Ordinal).Replace("INVALID", "~", StringComparison.Ordinal))
            .Select(b => b == '~' ? (byte)0xFF : b)];
        Descriptor document = await TestImage.PushAsync(layout, MediaTypes.ImageManifest, bytes);
        await LayoutFile.ChangeAsync(layout, index => index with { Manifests = [document] });
        LayoutFile.MakeOld(layout);

        CollectionReport report = await layout.CollectAsync(cancellationToken: Token);

        Assert.Equal((0, 2), (report.Removed.Count, report.Kept));
    }

    [Theory]
    [InlineData("2000-01-01T00:00:00.0000000+00:00 2000-01-02T00:00:00.0000000+00:00")]
    [InlineData("- 0001-01-01T00:00:00.0000000+00:00")]
    public async Task Collect_KeepsALeasesContent_WhereTheRecordSaysLessThanTheEntries(string record)
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        Descriptor other = await TestContent.PushImageAsync(layout, "b");
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "a", Lifetime = TimeSpan.FromDays(1) }, Token);
        await layout.Leases.AddAsync("a", [image], Token);
        await layout.Leases.CreateAsync(new LeaseOptions { Id = "b", Lifetime = null }, Token);
        await layout.Leases.AddAsync("b", [other], Token);
        await LayoutFile.ChangeAsync(layout, index => index with
        {
            Annotations = new Dictionary<string, string>
            {
                ["dev.ociimage.lease/default/a"] = record,
                ["dev.ociimage.lease/default/b"] = record,
            },
        });
        LayoutFile.MakeOld(layout);

        CollectionReport report = await layout.CollectAsync(cancellationToken: Token);

        Assert.Equal((0, 0, 7), (report.Removed.Count, report.EndedLeases, report.Kept));
    }

    // What a stranger wrote there means nothing that could be acted on, so it only keeps.
    [Theory]
    [InlineData("dev.ociimage.namespace", "../x")]
    [InlineData("dev.ociimage.lease", "../../x")]
    [InlineData("dev.ociimage.lease", "")]
    [InlineData("dev.ociimage.lease.expires", "yesterday")]
    [InlineData("dev.ociimage.unknown", "x")]
    [InlineData("dev.ociimage.name", "\u202ex")]
    public async Task Collect_KeepsWhatHasAnnotationsThatMakeNoSense(string key, string value)
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        Descriptor tagged = await TestContent.PushImageAsync(layout, "b");
        await LayoutFile.ChangeAsync(layout, index => index with
        {
            Manifests =
            [
                image with { Annotations = new Dictionary<string, string> { [key] = value } },
                tagged with { Annotations = new Dictionary<string, string> { [key] = value, [AnnotationKeys.RefName] = "v1" } },
            ],
        });
        LayoutFile.MakeOld(layout);

        CollectionReport report = await layout.CollectAsync(cancellationToken: Token);
        Descriptor found = await layout.ResolveAsync("v1", Token);

        Assert.Equal((0, 7), (report.Removed.Count, report.Kept));
        Assert.Equal((tagged.Digest, 0), (found.Digest, found.Annotations.Count));
    }

    // A file that is mended in place, or one that got the number of a deleted one, is another one.
    [Fact]
    public async Task Exists_LooksAgainAtWhatWasDamaged_WhenItChanged()
    {
        OciLayout layout = await CreateAsync();
        Descriptor blob = await TestImage.PushAsync(layout, MediaTypes.ImageManifest, """{"schemaVersion":2}""");
        string path = LayoutFile.Of(layout, blob.Digest);
        byte[] whole = await File.ReadAllBytesAsync(path, Token);
        await File.WriteAllBytesAsync(path, new byte[whole.Length], Token);
        LayoutFile.MakeOld(layout);

        await Assert.ThrowsAsync<ContentVerificationException>(() => TestContent.ReadAsync(layout, blob));
        bool damaged = await layout.ExistsAsync(blob, Token);
        await File.WriteAllBytesAsync(path, whole, Token);
        bool mended = await layout.ExistsAsync(blob, Token);

        Assert.Equal((false, true), (damaged, mended));
        await layout.TagAsync(blob, "v1", Token);
    }

    private async Task<OciLayout> CreateAsync() => await OciLayout.OpenOrCreateAsync(
        _directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None }, Token);
}
