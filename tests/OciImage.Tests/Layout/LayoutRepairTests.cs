using OciImage.Content;
using OciImage.Images;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Tests.Layout;

public sealed class LayoutRepairTests : IDisposable
{
    private static readonly Descriptor Hello = TestContent.Describe("hello");

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Quarantine => _directory.Combine("layout", ".ociimage", "quarantine");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Quarantine_LeavesWhatIsWhole()
    {
        OciLayout layout = await CreateAsync();
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);

        Assert.Null(await layout.QuarantineAsync(Hello.Digest, Token));
        Assert.Null(await layout.QuarantineAsync(Digest.Compute("absent"u8), Token));
        Assert.Equal("hello", File.ReadAllText(Blob(layout, Hello)));
        Assert.False(Directory.Exists(Quarantine));
    }

    [Theory]
    [InlineData("other")] // of the right length: only its bytes tell
    [InlineData("hel")]
    [InlineData("")]
    [InlineData("hello and more")]
    public async Task Repair_ReplacesWhatIsDamaged(string found) // S12
    {
        OciLayout layout = await CreateAsync();
        var source = new MemoryStore();
        await source.PushAsync(Hello, TestContent.Of("hello"), Token);
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);
        File.WriteAllText(Blob(layout, Hello), found);

        RepairResult result = await layout.RepairAsync(Hello, [new MemoryStore(), source], Token);

        Assert.Equal(RepairOutcome.Repaired, result.Outcome);
        Assert.Equal("hello", File.ReadAllText(Blob(layout, Hello)));
        Assert.Equal(found, File.ReadAllText(result.QuarantinedAs!));
        Assert.Equal(Quarantine, Path.GetDirectoryName(result.QuarantinedAs));
    }

    [Theory]
    [InlineData("link")]
    [InlineData("fifo")]
    [InlineData("directory")]
    public async Task Repair_ReplacesWhatIsNoRegularFile(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs links and pipes.");
        OciLayout layout = await CreateAsync();
        var source = new MemoryStore();
        await source.PushAsync(Hello, TestContent.Of("hello"), Token);
        string outside = _directory.WriteFile("outside", "hello");
        string path = Blob(layout, Hello);
        switch (kind)
        {
            case "link":
                File.CreateSymbolicLink(path, outside);
                break;
            case "fifo":
                await Peer.Require("mkfifo").RunOkAsync(path);
                break;
            default:
                Directory.CreateDirectory(Path.Combine(path, "below"));
                break;
        }

        RepairResult result = await layout.RepairAsync(Hello, [source], Token);

        Assert.Equal(RepairOutcome.Repaired, result.Outcome);
        Assert.Null(new FileInfo(path).LinkTarget);
        Assert.Equal("hello", File.ReadAllText(path));
        Assert.Equal("hello", File.ReadAllText(outside));
    }

    [Fact]
    public async Task Repair_WithoutASourceLeavesTheContentMissing()
    {
        OciLayout layout = await CreateAsync();
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);
        File.WriteAllText(Blob(layout, Hello), "jello");

        RepairResult result = await layout.RepairAsync(Hello, [new MemoryStore()], Token);
        bool exists = await layout.ExistsAsync(Hello, Token);
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);

        Assert.Equal((RepairOutcome.Missing, false), (result.Outcome, exists));
        Assert.IsType<ContentNotFoundException>(result.Error);
        Assert.Equal("hello", File.ReadAllText(Blob(layout, Hello)));
    }

    [Fact]
    public async Task Repair_DoesNotTakeDamageFromASource()
    {
        OciLayout layout = await CreateAsync();
        OciLayout rotten = await CreateAsync("rotten");
        await rotten.PushAsync(Hello, TestContent.Of("hello"), Token);
        File.WriteAllText(Blob(rotten, Hello), "jello");

        RepairResult result = await layout.RepairAsync(Hello, [rotten], Token);

        Assert.Equal(RepairOutcome.Missing, result.Outcome);
        Assert.IsType<ContentVerificationException>(result.Error);
        Assert.False(File.Exists(Blob(layout, Hello)));
    }

    [Fact]
    public async Task Repair_OfContentThatIsWholeChangesNothing()
    {
        OciLayout layout = await CreateAsync();
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);

        // The size is the promise of whoever names it, and not the store's.
        RepairResult result = await layout.RepairAsync(Hello with { Size = 6 }, [], Token);

        Assert.Equal(RepairOutcome.Whole, result.Outcome);
    }

    // Reading finds it; from then on a push does not take it for what it should be. S12
    [Fact]
    public async Task Push_ReplacesWhatWasReadAndFoundDamaged()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere nothing tells one file from another.");
        OciLayout layout = await CreateAsync();
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);
        File.WriteAllText(Blob(layout, Hello), "jello");
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);
        string unread = File.ReadAllText(Blob(layout, Hello));

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await TestContent.ReadAsync(layout, Hello));
        bool known = await layout.ExistsAsync(Hello, Token);
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);

        Assert.Equal(("jello", false), (unread, known));
        Assert.Equal("hello", File.ReadAllText(Blob(layout, Hello)));
        Assert.True(await layout.ExistsAsync(Hello, Token));
    }

    [Fact]
    public async Task Quarantine_BesideWritersNeverTakesGoodContent()
    {
        OciLayout layout = await CreateAsync();
        for (int i = 0; i < 50; i++)
        {
            File.WriteAllText(Blob(layout, Hello), "jello");
            Task<string?> moving = Task.Run(async () => await layout.QuarantineAsync(Hello.Digest, Token), Token);
            await using (ContentIngest ingest = await layout.OpenIngestAsync("k", Token))
            {
                await ingest.AppendAsync("hello"u8.ToArray(), Token);
                await ingest.CommitAsync(TestContent.Unknown, Hello.Digest, Token);
            }

            if (await moving is { } moved)
            {
                Assert.Equal("jello", File.ReadAllText(moved));
            }

            Assert.Equal("hello", File.ReadAllText(Blob(layout, Hello)));
        }
    }

    [Fact]
    public async Task FirstWrite_RemovesOldQuarantine()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sets the time of a link.");
        OciLayout layout = await CreateAsync();
        File.WriteAllText(Blob(layout, Hello), "jello");
        string moved = (await layout.QuarantineAsync(Hello.Digest, Token))!;
        await TestImage.PushAsync(await CreateAsync(), "a/b", "first");
        bool young = File.Exists(moved);

        File.SetLastWriteTimeUtc(moved, DateTime.UtcNow.AddDays(-8));
        await TestImage.PushAsync(await CreateAsync(), "a/b", "second");

        Assert.True(young);
        Assert.False(File.Exists(moved));
    }

    [Fact]
    public async Task ImageRepair_ReachesBelowADocumentThatWasDamaged()
    {
        OciLayout layout = await CreateAsync();
        OciLayout good = await CreateAsync("good");
        Descriptor[] images = [await TestContent.PushImageAsync(layout, "a"), await TestContent.PushImageAsync(layout, "b")];
        Descriptor index = await TestContent.PushIndexAsync(layout, images);
        foreach (Descriptor image in new[] { await TestContent.PushImageAsync(good, "a"), await TestContent.PushImageAsync(good, "b") })
        {
            Assert.Contains(image, images);
        }

        await TestContent.PushIndexAsync(good, images);
        Damage(Blob(layout, index));
        Damage(Blob(layout, images[0]));
        Descriptor layer = TestContent.Describe("layer of a");
        Damage(Blob(layout, layer));

        // What these documents name are no archives, so only sizes and digests are compared.
        RepairReport report = await ImageChecker.RepairAsync(layout, [index], [good], cancellationToken: Token);

        Assert.Equal([index.Digest, images[0].Digest, layer.Digest], report.Results.Where(r => r.Outcome == RepairOutcome.Repaired).Select(r => r.Descriptor.Digest));
        Assert.DoesNotContain(report.Check.Faults, fault => fault.Error is ContentVerificationException or ContentNotFoundException);
        Assert.Equal("layer of a", File.ReadAllText(Blob(layout, layer)));
    }

    [Fact]
    public async Task ListBlobs_TellsAllThatStandsThere()
    {
        OciLayout layout = await CreateAsync();
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);
        string blobs = Path.GetDirectoryName(Blob(layout, Hello))!;
        File.WriteAllText(Path.Combine(blobs, new string('A', 64)), "upper case is no digest");
        File.WriteAllText(Path.Combine(blobs, "x.tmp"), "no digest");

        Descriptor only = Assert.Single(await layout.ListBlobsAsync(Token).ToListAsync(Token));

        Assert.Equal((Hello.Digest, 5), (only.Digest, only.Size));
    }

    // Where names differ only by case, one file has them all; there is one spelling of a digest. S13
    [Theory]
    [InlineData("sha256:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824")]
    [InlineData("SHA256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")]
    public async Task Digest_OfAnotherSpellingIsNoneAndNeverAPath(string spelling)
    {
        OciLayout layout = await CreateAsync();
        await layout.PushAsync(Hello, TestContent.Of("hello"), Token);

        bool isDigest = Digest.TryParse(spelling, out Digest parsed);

        Assert.Equal("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", Hello.Digest.ToString());
        Assert.False(isDigest && parsed.CanVerify);
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.ResolveAsync(spelling, Token));
        Assert.Single(Directory.GetFileSystemEntries(Path.Combine(layout.DirectoryPath, "blobs", "sha256")));
    }

    private static void Damage(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static string Blob(OciLayout layout, Descriptor descriptor) =>
        Path.Combine(layout.DirectoryPath, "blobs", descriptor.Digest.Algorithm, descriptor.Digest.Encoded);

    private ValueTask<OciLayout> CreateAsync(string name = "layout") => OciLayout.OpenOrCreateAsync(
        _directory.Combine(name), new OciLayoutOptions { Durability = Durability.None }, Token);
}
