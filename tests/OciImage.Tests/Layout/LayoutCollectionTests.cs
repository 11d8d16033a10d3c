using System.Diagnostics;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Tests.Layout;

public sealed class LayoutCollectionTests : IDisposable
{
    private static readonly CollectionOptions AtOnce = new() { GracePeriod = TimeSpan.FromHours(1) };

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Collect_RemovesWhatNoRootReaches()
    {
        OciLayout layout = await CreateAsync();
        Descriptor kept = await TestContent.PushImageAsync(layout, "kept");
        Descriptor gone = await TestContent.PushImageAsync(layout, "gone");
        await layout.TagAsync(kept, "v1", Token);
        LayoutFile.MakeOld(layout);

        CollectionReport report = await layout.CollectAsync(AtOnce, Token);

        // The layer that both have stays.
        Assert.Equal((3, 4, 0), (report.Removed.Count, report.Kept, report.Recent));
        Assert.Contains(gone.Digest, report.Removed);
        Assert.Equal(4, CountBlobs(layout));
        await ContentCopy.CopyGraphAsync(layout, new MemoryStore(), kept, cancellationToken: Token);
    }

    [Fact]
    public async Task Collect_DryRunTellsTheSameAndChangesNothing()
    {
        OciLayout layout = await CreateAsync();
        await layout.TagAsync(await TestContent.PushImageAsync(layout, "kept"), "v1", Token);
        await TestContent.PushImageAsync(layout, "gone");
        await layout.AddRootAsync(await TestContent.PushImageAsync(layout, "untagged"), Token);
        LayoutFile.MakeOld(layout);
        string left = Path.Combine(layout.DirectoryPath, ".ociimage", "0.tmp");
        await File.WriteAllBytesAsync(left, new byte[7], Token);
        File.SetLastWriteTimeUtc(left, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        string[] before = ListAll(layout);

        CollectionReport dry = await layout.CollectAsync(
            new CollectionOptions { DryRun = true, PruneUntagged = PruneScope.AllNamespaces }, Token);
        string[] after = ListAll(layout);
        CollectionReport real = await layout.CollectAsync(
            new CollectionOptions { PruneUntagged = PruneScope.AllNamespaces }, Token);

        Assert.Equal(before, after);
        Assert.Equal(dry.Removed, real.Removed);
        Assert.Equal(
            dry with { IsDryRun = false, Removed = [], Missing = [], Damaged = [], Refused = [], Others = [] },
            real with { Removed = [], Missing = [], Damaged = [], Refused = [], Others = [] });
        Assert.Equal((6, 1, 7), (real.Removed.Count, real.PrunedEntries, real.UnfinishedBytes));
    }

    [Fact]
    public async Task Collect_LeavesWhatIsYoung_WithAllBelowIt()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        LayoutFile.MakeOld(layout);
        File.SetLastWriteTimeUtc(LayoutFile.Of(layout, image.Digest), DateTime.UnixEpoch.AddYears(200));

        CollectionReport report = await layout.CollectAsync(AtOnce, Token);

        Assert.Equal((0, 4), (report.Removed.Count, report.Recent));
    }

    [Fact]
    public async Task Collect_WithoutGraceTakesWhatWasJustWritten()
    {
        OciLayout layout = await CreateAsync();
        await TestContent.PushImageAsync(layout, "a");
        string clock = _directory.Combine("clock");
        DateTime last = Directory.GetFiles(layout.DirectoryPath, "*", SearchOption.AllDirectories).Max(File.GetLastWriteTimeUtc);
        do
        {
            // Until the clock of the file system, which goes in steps, shows a later time.
            await File.WriteAllTextAsync(clock, "", Token);
        }
        while (File.GetLastWriteTimeUtc(clock) <= last);

        CollectionReport report = await layout.CollectAsync(new CollectionOptions { GracePeriod = TimeSpan.Zero }, Token);

        Assert.Equal(4, report.Removed.Count);
    }

    [Fact]
    public async Task Collect_LeavesWhatWasPutThereOrFoundThereDuringAHold()
    {
        OciLayout layout = await CreateAsync();
        Descriptor old = await TestContent.PushImageAsync(layout, "old");
        LayoutFile.MakeOld(layout);
        OciLayout other = await OciLayout.OpenAsync(layout.DirectoryPath, cancellationToken: Token);

        CollectionReport during;
        using (other.Hold())
        {
            bool isThere = await other.ExistsAsync(old, Token);
            await TestContent.PushImageAsync(other, "new");
            during = await layout.CollectAsync(new CollectionOptions { GracePeriod = TimeSpan.Zero }, Token);
            Assert.True(isThere);
        }

        LayoutFile.MakeOld(layout);
        CollectionReport after = await layout.CollectAsync(AtOnce, Token);

        Assert.Equal((1, 0, 7), (during.Holds, during.Removed.Count, during.Recent));
        Assert.Equal((0, 7), (after.Holds, after.Removed.Count));
        Assert.Empty(Directory.GetFiles(Path.Combine(layout.DirectoryPath, ".ociimage"), "*.hold"));
    }

    [Fact]
    public async Task Collect_PassesOverHoldsOfTheDead_AndRemovesThem()
    {
        OciLayout layout = await CreateAsync();
        await TestContent.PushImageAsync(layout, "a");
        LayoutFile.MakeOld(layout);
        string dead = Path.Combine(layout.DirectoryPath, ".ociimage", "dead.hold");
        await File.WriteAllTextAsync(dead, "", Token);
        File.SetLastWriteTimeUtc(dead, DateTime.UnixEpoch);
        string live = Path.Combine(layout.DirectoryPath, ".ociimage", "live.hold");
        await File.WriteAllTextAsync(live, "", Token);
        File.SetLastWriteTimeUtc(live, DateTime.UnixEpoch);
        using Process holder = PeerProcess.Start(
            Peer.Require("flock").Path, ["--no-fork", live, "sh", "-c", "echo held; exec cat"]);
        await holder.StandardOutput.ReadLineAsync(Token);

        CollectionReport held = await layout.CollectAsync(AtOnce, Token);
        bool deadIsThere = File.Exists(dead);
        holder.Kill();
        await holder.WaitForExitAsync(Token);
        CollectionReport free = await layout.CollectAsync(AtOnce, Token);

        Assert.Equal((1, 0, false), (held.Holds, held.Removed.Count, deadIsThere));
        Assert.Equal((0, 4, false), (free.Holds, free.Removed.Count, File.Exists(live)));
    }

    [Fact]
    public async Task Collect_PrunesUntaggedEntries_ButNoReferrersOfWhatStays()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.TagAsync(image, "v1", Token);
        Descriptor signature = await PushReferrerAsync(layout, image);
        Descriptor ofSignature = await PushReferrerAsync(layout, signature);
        Descriptor dead = await TestContent.PushImageAsync(layout, "dead");
        Descriptor ofDead = await PushReferrerAsync(layout, dead);
        Descriptor ofOfDead = await PushReferrerAsync(layout, ofDead);
        OciLayout other = layout.InNamespace("other");
        Descriptor others = await TestContent.PushImageAsync(layout, "others");
        await other.AddRootAsync(others, Token);
        LayoutFile.MakeOld(layout);

        CollectionReport none = await layout.CollectAsync(AtOnce, Token);
        CollectionReport own = await layout.CollectAsync(
            new CollectionOptions { PruneUntagged = PruneScope.OwnNamespace }, Token);
        CollectionReport all = await layout.CollectAsync(
            new CollectionOptions { PruneUntagged = PruneScope.AllNamespaces }, Token);

        Assert.Equal([dead.Digest], none.Removed.Intersect([dead.Digest]));
        Assert.Equal(Sorted(ofDead, ofOfDead), own.Removed);
        Assert.Equal((2, 1), (own.PrunedEntries, all.PrunedEntries));
        Assert.Contains(others.Digest, all.Removed);
        Assert.Equal(
            Sorted(image, signature, ofSignature),
            (await layout.ReadIndexAsync(Token)).Value.Manifests.Select(entry => entry.Digest).Order());
    }

    [Fact]
    public async Task Collect_PrunesNothingThatIsYoung()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.AddRootAsync(image, Token);

        CollectionReport report = await layout.CollectAsync(
            new CollectionOptions { PruneUntagged = PruneScope.AllNamespaces }, Token);

        Assert.Equal((0, 0, 4), (report.PrunedEntries, report.Removed.Count, report.Kept));
    }

    [Fact]
    public async Task Collect_SurvivesWhatIsMissing() // S10
    {
        OciLayout layout = await CreateAsync();
        Descriptor absent = TestContent.Describe("absent", MediaTypes.ImageManifest);
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.TagAsync(await TestContent.PushIndexAsync(layout, [absent, image]), "v1", Token);
        await TestContent.PushImageAsync(layout, "gone");
        LayoutFile.MakeOld(layout);

        CollectionReport report = await layout.CollectAsync(AtOnce, Token);

        Assert.Equal([absent.Digest], report.Missing);
        Assert.Equal((3, 5, false), (report.Removed.Count, report.Kept, report.IsStopped));
    }

    [Fact]
    public async Task Collect_TerminatesOnCircles() // S10
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        Descriptor other = await TestContent.PushImageAsync(layout, "b");

        // No hash makes that true: two indexes that name each other, of the wrong bytes.
        foreach ((Descriptor from, Descriptor to) in new[] { (image, other), (other, image) })
        {
            OciDocument<ImageIndex> index = OciDocument<ImageIndex>.Create(new ImageIndex { Manifests = [to, from] });
            await File.WriteAllBytesAsync(LayoutFile.Of(layout, from.Digest), index.Bytes.ToArray(), Token);
        }

        await LayoutFile.ChangeAsync(layout, index => index with { Manifests = [image] });
        LayoutFile.MakeOld(layout);

        CollectionReport stopped = await layout.CollectAsync(AtOnce, Token);
        CollectionReport forced = await layout.CollectAsync(
            new CollectionOptions { GracePeriod = TimeSpan.FromHours(1), IgnoreDamage = true }, Token);
        await LayoutFile.ChangeAsync(layout, index => index with { Manifests = [] });
        CollectionReport free = await layout.CollectAsync(AtOnce, Token);

        Assert.Equal((true, 0), (stopped.IsStopped, stopped.Removed.Count));
        Assert.Equal(Sorted(image, other), stopped.Damaged);
        Assert.Equal((false, 5), (forced.IsStopped, forced.Removed.Count));
        Assert.Equal(2, free.Removed.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // a link in a manifest's place
    public async Task Collect_RemovesNothingWhereADocumentIsDamaged(bool isLink)
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.TagAsync(image, "v1", Token);
        await TestContent.PushImageAsync(layout, "gone");
        string path = LayoutFile.Of(layout, image.Digest);
        byte[] bytes = await File.ReadAllBytesAsync(path, Token);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Token);
        LayoutFile.MakeOld(layout);
        if (isLink)
        {
            File.Delete(path);
            File.CreateSymbolicLink(path, "/etc/hostname");
        }

        CollectionReport report = await layout.CollectAsync(AtOnce, Token);

        Assert.Equal((true, 0), (report.IsStopped, report.Removed.Count));
        Assert.Equal([image.Digest], report.Damaged);
        Assert.Equal(isLink ? 6 : 7, CountBlobs(layout));
    }

    [Fact]
    public async Task Collect_KeepsWhatADocumentOfAnUnknownKindNames()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        Descriptor blob = await TestImage.PushAsync(layout, "a/b", "blob");
        Descriptor artifact = await TestImage.PushAsync(
            layout,
            "application/vnd.oci.artifact.manifest.v1+json",
            $$"""{"blobs":[{"mediaType":"a/b","digest":"{{blob.Digest}}","size":4}],"x":{"y":[{"digest":"{{image.Digest}}"} ] } }""");
        await layout.AddRootAsync(artifact, Token);
        Descriptor schema1 = await TestImage.PushAsync(
            layout,
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            $$"""{"schemaVersion":1,"fsLayers":[{"blobSum":"{{TestContent.Describe("old layer").Digest}}"}]}""");
        await TestImage.PushAsync(layout, MediaTypes.LayerGzip, "old layer");
        await layout.AddRootAsync(schema1, Token);
        await TestImage.PushAsync(layout, MediaTypes.LayerGzip, "gone");
        LayoutFile.MakeOld(layout);

        CollectionReport report = await layout.CollectAsync(AtOnce, Token);

        Assert.Equal([TestContent.Describe("gone").Digest], report.Removed);
        Assert.Equal(8, report.Kept);
    }

    [Fact]
    public async Task Collect_TakesALayerForALayerWhateverItSays()
    {
        OciLayout layout = await CreateAsync();
        Descriptor named = await TestImage.PushAsync(layout, "a/b", "named by a layer alone");
        Descriptor layer = await TestImage.PushAsync(
            layout, "application/vnd.cyclonedx+json", $$"""{"layers":[{"digest":"{{named.Digest}}"}]}""");
        await layout.TagAsync(await TestContent.PushManifestAsync(layout, Descriptor.Empty, [layer]), "v1", Token);
        LayoutFile.MakeOld(layout);

        CollectionReport report = await layout.CollectAsync(AtOnce, Token);

        Assert.Equal([named.Digest], report.Removed);
    }

    [Fact]
    public async Task Collect_LeavesWhatIsNoBlob()
    {
        OciLayout layout = await CreateAsync();
        string blobs = Path.Combine(layout.DirectoryPath, "blobs");
        string digest = new('0', 64);
        string outside = _directory.Combine("outside");
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(Path.Combine(outside, digest), "precious", Token);
        await File.WriteAllTextAsync(Path.Combine(blobs, "sha256", "README"), "", Token);
        await File.WriteAllTextAsync(Path.Combine(blobs, "sha256", new string('A', 64)), "", Token);
        await File.WriteAllTextAsync(Path.Combine(blobs, "file"), "", Token);
        Directory.CreateDirectory(Path.Combine(blobs, "sha256", new string('1', 64)));
        File.CreateSymbolicLink(Path.Combine(blobs, "sha256", digest), Path.Combine(outside, digest));
        Directory.CreateSymbolicLink(Path.Combine(blobs, "sha512"), outside);
        PeerResult made = await PeerProcess.RunAsync(
            Peer.Require("mkfifo").Path, [Path.Combine(blobs, "sha256", new string('2', 64))], cancellationToken: Token);

        CollectionReport report = await layout.CollectAsync(
            new CollectionOptions { GracePeriod = TimeSpan.Zero }, Token);

        Assert.Equal(0, made.ExitCode);
        Assert.Empty(report.Removed);
        Assert.Equal(
            [
                "blobs/file", "blobs/sha256/" + digest, "blobs/sha256/" + new string('1', 64),
                "blobs/sha256/" + new string('2', 64), "blobs/sha256/" + new string('A', 64), "blobs/sha256/README", "blobs/sha512",
            ],
            report.Others);
        Assert.True(File.Exists(Path.Combine(outside, digest)));
    }

    [Fact]
    public async Task Collect_KeepsWhatIsNamedWhileItRuns()
    {
        OciLayout layout = await CreateAsync();
        OciLayout other = await OciLayout.OpenAsync(layout.DirectoryPath, cancellationToken: Token);
        var images = new List<Descriptor>();
        // More documents than one batch takes.
        for (int i = 0; i < 300; i++)
        {
            images.Add(await TestContent.PushImageAsync(layout, $"image {i}"));
        }

        LayoutFile.MakeOld(layout);
        var tagged = new List<string>();
        var progress = new InlineProgress<CollectionProgress>(report =>
        {
            // Between two batches, when nobody has the lock.
            foreach (Descriptor image in report.Stage == CollectionStage.Sweeping ? images : [])
            {
                try
                {
                    other.TagAsync(image, $"v{tagged.Count}", Token).AsTask().GetAwaiter().GetResult();
                    tagged.Add($"v{tagged.Count}");
                    images.Remove(image);
                    break;
                }
                catch (ContentNotFoundException)
                {
                    // This one is gone already.
                }
            }
        });

        CollectionReport report = await layout.CollectAsync(
            new CollectionOptions { GracePeriod = TimeSpan.FromHours(1), Progress = progress }, Token);

        Assert.NotEmpty(tagged);
        Assert.NotEmpty(report.Removed);
        foreach (string tag in tagged)
        {
            await ContentCopy.CopyGraphAsync(layout, new MemoryStore(), await layout.ResolveAsync(tag, Token), cancellationToken: Token);
        }
    }

    [Fact]
    public async Task Collect_ThatIsCancelledLeavesAValidStore()
    {
        OciLayout layout = await CreateAsync();
        await layout.TagAsync(await TestContent.PushImageAsync(layout, "kept"), "v1", Token);
        for (int i = 0; i < 300; i++)
        {
            await TestImage.PushAsync(layout, "a/b", $"{i}");
        }

        LayoutFile.MakeOld(layout);
        using var cancellation = new CancellationTokenSource();
        var progress = new InlineProgress<CollectionProgress>(report =>
        {
            if (report.Stage == CollectionStage.Sweeping)
            {
                cancellation.Cancel();
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await layout.CollectAsync(
            new CollectionOptions { Progress = progress }, cancellation.Token));
        int left = CountBlobs(layout);
        await layout.CollectAsync(null, Token);

        Assert.InRange(left, 5, 303);
        Assert.Equal(4, CountBlobs(layout));
        await ContentCopy.CopyGraphAsync(layout, new MemoryStore(), await layout.ResolveAsync("v1", Token), cancellationToken: Token);
    }

    [Fact]
    public async Task Exists_LetsContentCountAsUsed_AndReadingDoesNot()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        LayoutFile.MakeOld(layout);
        DateTime old = File.GetLastWriteTimeUtc(LayoutFile.Of(layout, image.Digest));

        await TestContent.ReadAsync(layout, image);
        await layout.ResolveAsync(image.Digest.ToString(), Token);
        DateTime read = File.GetLastWriteTimeUtc(LayoutFile.Of(layout, image.Digest));
        await layout.ExistsAsync(image, Token);
        DateTime asked = File.GetLastWriteTimeUtc(LayoutFile.Of(layout, image.Digest));

        Assert.Equal(old, read);
        Assert.True(asked > old);
    }

    [Fact]
    public async Task Collect_LeavesABlobThatSomebodyHasLocked()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        LayoutFile.MakeOld(layout);
        using Process holder = PeerProcess.Start(
            Peer.Require("flock").Path,
            ["--no-fork", "--shared", LayoutFile.Of(layout, image.Digest), "sh", "-c", "echo held; exec cat"]);
        await holder.StandardOutput.ReadLineAsync(Token);

        CollectionReport report = await layout.CollectAsync(AtOnce, Token);
        holder.Kill();

        Assert.Equal((0, 4), (report.Removed.Count, report.Recent)); // the manifest, and so what is below it
    }

    [Fact]
    public async Task Mount_GivesAFreshTime()
    {
        OciLayout layout = await CreateAsync();
        OciLayout target = await OciLayout.OpenOrCreateAsync(_directory.Combine("target"), null, Token);
        Descriptor layer = await TestImage.PushAsync(layout, MediaTypes.LayerGzip, "layer");
        LayoutFile.MakeOld(layout);

        bool mounted = await target.TryMountAsync(layer, layout, Token);
        CollectionReport report = await target.CollectAsync(AtOnce, Token);

        Assert.True(mounted);
        Assert.Equal((0, 1), (report.Removed.Count, report.Recent));
    }

    [Fact]
    public async Task Index_MayHaveMoreEntriesThanADocumentMayHaveItems()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await LayoutFile.ChangeAsync(layout, index => index with { Manifests = [.. Enumerable.Repeat(image, 100_001)] });

        await layout.TagAsync(image, "v1", Token);

        Assert.Equal(image, await layout.ResolveAsync("v1", Token));
    }

    private static async Task<Descriptor> PushReferrerAsync(OciLayout layout, Descriptor subject) =>
        await TestContent.PushManifestAsync(
            layout,
            await TestImage.PushAsync(layout, MediaTypes.Empty, "{}"),
            [],
            manifest => manifest with { Subject = subject, ArtifactType = "a/b" });

    private static IEnumerable<Digest> Sorted(params IEnumerable<Descriptor> content) =>
        content.Select(descriptor => descriptor.Digest).Order();

    private static int CountBlobs(OciLayout layout) => Directory
        .GetFiles(Path.Combine(layout.DirectoryPath, "blobs", "sha256"))
        .Count(path => new FileInfo(path).LinkTarget is null);

    private static string[] ListAll(OciLayout layout) =>
    [
        .. Directory.GetFiles(layout.DirectoryPath, "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O} {Digest.Compute(File.ReadAllBytes(path))}"),
    ];

    private async Task<OciLayout> CreateAsync() => await OciLayout.OpenOrCreateAsync(
        _directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None }, Token);

    private sealed class InlineProgress<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
