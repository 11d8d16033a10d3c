using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Tests.Layout;

public sealed class OciLayoutAttackTests : IDisposable
{
    private static readonly Descriptor Hello = TestContent.Describe("hello");

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("blobs")]
    [InlineData("blobs/sha256")]
    public async Task Layout_WhoseBlobsStandBehindALink_NeitherReadsNorWritesNorDeletesThere(string link)
    {
        OciLayout victim = await CreateAsync("victim");
        await victim.PushAsync(Hello, TestContent.Of("hello"), Token);
        OciLayout hostile = await CreateAsync("hostile");
        ReplaceByLink(Path.Combine(hostile.DirectoryPath, link), Path.Combine(victim.DirectoryPath, link));

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await hostile.OpenReadAsync(Hello, Token));
        await Assert.ThrowsAsync<IOException>(
            async () => await hostile.PushAsync(TestContent.Describe("new"), TestContent.Of("new"), Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await hostile.DeleteAsync(Hello, Token));

        Assert.Equal([Blob(victim, Hello)], Directory.GetFiles(Path.Combine(victim.DirectoryPath, "blobs/sha256")));
    }

    [Fact]
    public async Task Layout_WhoseUnfinishedContentStandsBehindALink_TouchesNothingThere() // S07
    {
        OciLayout layout = await CreateAsync();
        string precious = _directory.WriteFile("mine/notes.tmp", "precious");
        File.SetLastWriteTimeUtc(precious, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        ReplaceByLink(Path.Combine(layout.DirectoryPath, ".ociimage"), _directory.Combine("mine"));

        long freed = layout.SweepIngests(TimeSpan.FromDays(1));

        Assert.Equal(0, freed);
        await Assert.ThrowsAsync<IOException>(async () => await layout.PushAsync(Hello, TestContent.Of("hello"), Token));
        await Assert.ThrowsAsync<IOException>(async () => await layout.OpenIngestAsync("key", Token));
        await Assert.ThrowsAsync<IOException>(async () => await layout.AddRootAsync(Hello, Token));
        Assert.Equal([precious], Directory.GetFiles(_directory.Combine("mine")));
    }

    [Theory]
    [InlineData("index.lock")]
    [InlineData("ingest")]
    public async Task Layout_WithALinkInPlaceOfItsOwnFiles_DoesNotFollow(string file) // S07
    {
        OciLayout layout = await CreateAsync();
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);
        string outside = _directory.WriteFile("outside", "precious");
        string ingests = Path.Combine(layout.DirectoryPath, ".ociimage");
        string path = Path.Combine(ingests, "index.lock");
        if (file == "ingest")
        {
            await (await layout.OpenIngestAsync("key", Token)).DisposeAsync();
            path = Assert.Single(Directory.GetFiles(ingests, "*.ingest"));
        }

        File.Delete(path);
        File.CreateSymbolicLink(path, outside);

        await Assert.ThrowsAsync<IOException>(async () =>
        {
            await using ContentIngest ingest = await layout.OpenIngestAsync("key", Token);
            await layout.TagAsync(Hello, "v1", Token);
        });
        Assert.Equal("precious", File.ReadAllText(outside));
    }

    [Theory]
    [InlineData("oci-layout", "fifo")]
    [InlineData("index.json", "fifo")]
    [InlineData("oci-layout", "link")]
    [InlineData("index.json", "link")]
    [InlineData("index.json", "directory")]
    public async Task Open_RefusesDocumentsThatAreNoRegularFiles(string name, string kind)
    {
        OciLayout layout = await CreateAsync();
        string path = Path.Combine(layout.DirectoryPath, name);
        string content = File.ReadAllText(path);
        File.Delete(path);
        switch (kind)
        {
            case "fifo":
                await Peer.Require("mkfifo").RunOkAsync(path);
                break;
            case "link":
                File.CreateSymbolicLink(path, _directory.WriteFile("elsewhere", content));
                break;
            default:
                Directory.CreateDirectory(path);
                break;
        }

        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await OciLayout.OpenAsync(layout.DirectoryPath, cancellationToken: Token));
    }

    [Fact]
    public async Task Open_RefusesAnIndexOf100MegabytesUnread()
    {
        OciLayout layout = await CreateAsync();
        using (FileStream index = File.OpenWrite(Path.Combine(layout.DirectoryPath, "index.json")))
        {
            index.SetLength(100_000_000);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await OciLayout.OpenAsync(layout.DirectoryPath, cancellationToken: Token));

        Assert.Contains("100000000 bytes", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
    }

    [Fact]
    public async Task Resolve_OfADigest_IsNotLedAstrayByATagOfThatName()
    {
        OciLayout layout = await CreateAsync();
        Descriptor wanted = await TestContent.PushImageAsync(layout, "wanted");
        Descriptor other = await TestContent.PushImageAsync(layout, "other");
        WriteIndex(layout, Entry(other, wanted.Digest.ToString()));

        Assert.Equal(wanted, await layout.ResolveAsync(wanted.Digest.ToString(), Token));
    }

    [Fact]
    public async Task Index_WithNamesThatAreNoNames_IsReadAndNeverAPath() // S11
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        string huge = new('x', 1_000_000);
        string unknown = $$"""{"mediaType":"{{image.MediaType}}","digest":"x:{{new string('a', 600)}}","size":1}""";
        WriteIndex(layout, $"{Entry(image, "../../x")},{Entry(image, huge)},{unknown}");

        Assert.Equal(["../../x", huge], await layout.ListReferencesAsync(Token).ToListAsync(Token));
        Assert.Equal(image, await layout.ResolveAsync("../../x", Token));
        Assert.Empty(await layout.ListReferrersAsync(image, null, Token).ToListAsync(Token));
        Assert.Equal([layout.DirectoryPath], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task TryMount_OfADamagedBlob_TakesNothing() // S12
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Nothing is mounted elsewhere.");
        OciLayout source = await CreateAsync("source");
        OciLayout target = await CreateAsync("target");
        await source.PushAsync(Hello, TestContent.Of("hello"), Token);
        File.WriteAllText(Blob(source, Hello), "hullo");

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await target.TryMountAsync(Hello, source, Token));

        Assert.False(await target.ExistsAsync(Hello, Token));
        Assert.Empty(Directory.GetFiles(Path.Combine(target.DirectoryPath, ".ociimage"), "*.tmp"));
    }

    [Fact]
    public async Task ListReferrers_PassesOverADamagedManifest()
    {
        OciLayout layout = await CreateAsync();
        Descriptor subject = await TestContent.PushImageAsync(layout, "subject");
        Descriptor config = await TestImage.PushAsync(layout, MediaTypes.Empty, "{}");
        Descriptor good = await TestContent.PushManifestAsync(layout, config, [], m => m with { Subject = subject });
        Descriptor bad = await TestContent.PushManifestAsync(
            layout, config, [], m => m with { Subject = subject, ArtifactType = "a/b" });
        File.WriteAllBytes(Blob(layout, bad), new byte[bad.Size]);
        OciLayout reopened = await OciLayout.OpenAsync(layout.DirectoryPath, cancellationToken: Token);

        List<Descriptor> found = await reopened.ListReferrersAsync(subject, null, Token).ToListAsync(Token);

        Assert.Equal([good.Digest], found.Select(item => item.Digest));
    }

    private static string Entry(Descriptor descriptor, string tag) => $$$"""
        {"mediaType":"{{{descriptor.MediaType}}}","digest":"{{{descriptor.Digest}}}","size":{{{descriptor.Size}}},
         "annotations":{"org.opencontainers.image.ref.name":"{{{tag}}}"}}
        """;

    private static void WriteIndex(OciLayout layout, string entries) => File.WriteAllText(
        Path.Combine(layout.DirectoryPath, "index.json"), $$$"""{"schemaVersion":2,"manifests":[{{{entries}}}]}""");

    private static void ReplaceByLink(string path, string target)
    {
        Directory.Delete(path, recursive: true);
        Directory.CreateSymbolicLink(path, target);
    }

    private static string Blob(OciLayout layout, Descriptor descriptor) =>
        Path.Combine(layout.DirectoryPath, "blobs", descriptor.Digest.Algorithm, descriptor.Digest.Encoded);

    private ValueTask<OciLayout> CreateAsync(string name = "layout") => OciLayout.OpenOrCreateAsync(
        _directory.Combine(name), new OciLayoutOptions { Durability = Durability.None }, Token);
}
