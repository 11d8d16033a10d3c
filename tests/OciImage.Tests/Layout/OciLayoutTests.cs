using System.Text;
using Microsoft.Extensions.Time.Testing;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Tests.Layout;

public sealed class OciLayoutTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task OpenOrCreate_MakesALayoutThatOpens()
    {
        await OciLayout.OpenOrCreateAsync(_directory.Combine("new"), cancellationToken: Token);

        OciLayout layout = await OciLayout.OpenAsync(_directory.Combine("new"), cancellationToken: Token);

        Assert.Equal("""{"imageLayoutVersion":"1.0.0"}""", File.ReadAllText(_directory.Combine("new", "oci-layout")));
        Assert.True(Directory.Exists(_directory.Combine("new", "blobs")));
        Assert.Empty((await layout.ReadIndexAsync(Token)).Value.Manifests);
    }

    [Theory]
    [InlineData("notes.txt")]
    [InlineData("index.json")] // a name of ours, but nothing says that the directory is
    public async Task OpenOrCreate_LeavesADirectoryOfAnotherKindAlone(string file)
    {
        _directory.WriteFile($"taken/{file}", "mine");

        await Assert.ThrowsAsync<IOException>(async () => await OciLayout.OpenOrCreateAsync(_directory.Combine("taken"), cancellationToken: Token));

        Assert.Equal([file], Directory.GetFileSystemEntries(_directory.Combine("taken")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task OpenOrCreate_FinishesWhatACrashLeft()
    {
        _directory.CreateDirectory("half", ".ociimage");
        _directory.CreateDirectory("half", "blobs");

        OciLayout layout = await OciLayout.OpenOrCreateAsync(_directory.Combine("half"), cancellationToken: Token);

        Assert.Empty((await layout.ReadIndexAsync(Token)).Value.Manifests);
    }

    [Fact]
    public async Task Durability_IsFullByDefaultAndWritesEverywhere()
    {
        OciLayout layout = await OciLayout.OpenOrCreateAsync(_directory.Combine("durable"), cancellationToken: Token);
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        Descriptor other = await TestImage.PushAsync(layout, "a/b", "content");
        await layout.TagAsync(image, "v1", Token);
        await layout.DeleteAsync(other, Token);

        Assert.Equal(image, await layout.ResolveAsync("v1", Token));
    }

    [Fact]
    public async Task Resolve_OfATagWithSeveralEntriesChoosesTheIndexOrThePlatform()
    {
        OciLayout layout = await CreateAsync();
        Descriptor foreign = (await TestContent.PushImageAsync(layout, "a")) with
        {
            Platform = new Platform { Os = "plan9", Architecture = "mips" },
        };
        Descriptor own = (await TestContent.PushImageAsync(layout, "b")) with { Platform = PlatformMatcher.Current.Platform };
        Descriptor index = await TestContent.PushIndexAsync(layout, [foreign, own]);

        await WriteEntriesAsync(layout, foreign, own);
        Descriptor byPlatform = await layout.ResolveAsync("v1", Token);
        await WriteEntriesAsync(layout, foreign, own, index);
        Descriptor byIndex = await layout.ResolveAsync("v1", Token);
        await layout.TagAsync(foreign, "v1", Token);

        Assert.Equal((own.Digest, index.Digest), (byPlatform.Digest, byIndex.Digest));
        Assert.Equal(foreign, Assert.Single((await layout.ReadIndexAsync(Token)).Value.Manifests) with { Annotations = foreign.Annotations });
    }

    [Theory]
    [InlineData("image", MediaTypes.ImageManifest)]
    [InlineData("index", MediaTypes.ImageIndex)]
    [InlineData("blob", "application/octet-stream")]
    public async Task Resolve_OfADigestThatIsNotListedReadsTheType(string kind, string mediaType)
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = kind switch
        {
            "image" => await TestContent.PushImageAsync(layout, "a"),
            "index" => await TestContent.PushIndexAsync(layout, []),
            _ => await PushAsync(layout, "content"),
        };

        Descriptor resolved = await layout.ResolveAsync(descriptor.Digest.ToString(), Token);

        Assert.Equal(descriptor with { MediaType = mediaType }, resolved);
        Assert.Empty((await layout.ReadIndexAsync(Token)).Value.Manifests);
    }

    [Fact]
    public async Task Tag_RefusesToWriteAnIndexThatCouldNotBeRead()
    {
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            _directory.Combine("small"), new OciLayoutOptions { Durability = Durability.None, MaxIndexSize = 400 }, Token);
        Descriptor descriptor = await PushAsync(layout, "content");
        await layout.TagAsync(descriptor, "v1", Token);

        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await layout.TagAsync(descriptor, new string('x', 200), Token));

        Assert.Equal(["v1"], await layout.ListReferencesAsync(Token).ToListAsync(Token));
    }

    [Theory]
    [InlineData("index.json", "no json")]
    [InlineData("index.json", """{"manifests":[{}]}""")]
    [InlineData("oci-layout", "no json")]
    public async Task Open_NamesTheFileThatIsMalformed(string name, string content)
    {
        OciLayout layout = await CreateAsync();
        File.WriteAllText(Path.Combine(layout.DirectoryPath, name), content);

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await OciLayout.OpenAsync(layout.DirectoryPath, cancellationToken: Token));

        Assert.Contains(Path.Combine(layout.DirectoryPath, name), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"imageLayoutVersion":"2.0.0"}""")]
    [InlineData("""{}""")]
    [InlineData("no json")]
    public async Task Open_RefusesAnotherVersion(string header)
    {
        OciLayout layout = await CreateAsync();
        File.WriteAllText(Path.Combine(layout.DirectoryPath, "oci-layout"), header);

        await Assert.ThrowsAsync<DocumentFormatException>(async () => await OciLayout.OpenAsync(layout.DirectoryPath, cancellationToken: Token));
    }

    [Fact]
    public async Task Open_SaysThatThereIsNoLayout() =>
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await OciLayout.OpenAsync(_directory.Combine("absent"), cancellationToken: Token));

    [Theory]
    [InlineData(Digest.Sha256)]
    [InlineData(Digest.Sha512)]
    public async Task Push_ThenOpenReadGivesTheBytes(string algorithm)
    {
        OciLayout layout = await CreateAsync();
        byte[] bytes = "content"u8.ToArray();
        Descriptor descriptor = Descriptor.Create("text/plain", bytes, algorithm);

        await layout.PushAsync(descriptor, ReplayableContent.FromBytes(bytes), Token);

        Assert.True(await layout.ExistsAsync(descriptor, Token));
        await using ContentStream stream = await layout.OpenReadAsync(descriptor, Token);
        Assert.Equal(bytes, await stream.ReadToEndAsync(100, Token));
        Assert.Equal(bytes, File.ReadAllBytes(BlobPath(layout, descriptor)));
    }

    [Fact]
    public async Task Push_OfOtherContentLeavesNothing()
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = Descriptor.Create("text/plain", "content"u8);

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await layout.PushAsync(descriptor, ReplayableContent.FromBytes("contenT"u8.ToArray()), Token));

        Assert.False(await layout.ExistsAsync(descriptor, Token));
        Assert.Empty(Leftovers(layout));
    }

    [Fact]
    public async Task Push_ThatIsCancelledLeavesNothing()
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = Descriptor.Create("text/plain", "content"u8);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await layout.PushAsync(descriptor, new CancelledContent(), cancelled.Token));

        Assert.False(await layout.ExistsAsync(descriptor, Token));
        Assert.Empty(Leftovers(layout));
    }

    [Fact]
    public async Task Push_HealsABlobOfTheWrongLength() // S12
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = await PushAsync(layout, "content");
        File.WriteAllText(BlobPath(layout, descriptor), "cont");
        await Assert.ThrowsAsync<ContentVerificationException>(async () => await layout.OpenReadAsync(descriptor, Token));

        await PushAsync(layout, "content");

        Assert.Equal("content", File.ReadAllText(BlobPath(layout, descriptor)));
    }

    [Theory]
    [InlineData("link")]
    [InlineData("fifo")]
    [InlineData("directory")]
    public async Task OpenRead_RefusesWhatIsNoRegularFile(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs links and pipes.");
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = await PushAsync(layout, "content");
        string path = BlobPath(layout, descriptor);
        File.Delete(path);
        switch (kind)
        {
            case "link":
                File.CreateSymbolicLink(path, _directory.WriteFile("outside", "content"));
                break;
            case "fifo":
                await Peer.Require("mkfifo").RunOkAsync(path);
                break;
            default:
                Directory.CreateDirectory(path);
                break;
        }

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await layout.OpenReadAsync(descriptor, Token));
        Assert.False(await layout.ExistsAsync(descriptor, Token));
    }

    [Fact]
    public async Task Tag_MovesAndIsListedInOrder()
    {
        OciLayout layout = await CreateAsync();
        Descriptor first = await PushAsync(layout, "first");
        Descriptor second = await PushAsync(layout, "second");

        await layout.TagAsync(first, "v2", Token);
        await layout.TagAsync(first, "V1", Token);
        await layout.TagAsync(second, "v2", Token);

        Assert.Equal(["V1", "v2"], await layout.ListReferencesAsync(Token).ToListAsync(Token));
        Assert.Equal(second, await layout.ResolveAsync("v2", Token));
        Assert.Equal(first, await layout.ResolveAsync("V1", Token));
    }

    [Fact]
    public async Task Untag_RemovesTheNameAndLeavesTheContent()
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = await PushAsync(layout, "content");
        await layout.TagAsync(descriptor, "v1", Token);

        await layout.UntagAsync("v1", Token);

        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.ResolveAsync("v1", Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.UntagAsync("v1", Token));
        Assert.True(await layout.ExistsAsync(descriptor, Token));
    }

    [Theory]
    [InlineData("../../x")] // S11: never a path
    [InlineData("docker.io/library/alpine:latest")]
    public async Task Tag_IsNeverAPath(string tag)
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = await PushAsync(layout, "content");

        await layout.TagAsync(descriptor, tag, Token);

        Assert.Equal(descriptor, await layout.ResolveAsync(tag, Token));
        Assert.Equal([layout.DirectoryPath], Directory.GetDirectories(_directory.Path));
    }

    [Fact]
    public async Task Tag_RefusesWhatIsTooLongOrOfMissingContent()
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = await PushAsync(layout, "content");

        await Assert.ThrowsAsync<ArgumentException>(async () => await layout.TagAsync(descriptor, new string('x', 1_000_000), Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await layout.TagAsync(Descriptor.Create("a/b", "absent"u8), "v1", Token));
    }

    [Fact]
    public async Task Tag_KeepsWhatItDoesNotKnowInTheIndex()
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = await PushAsync(layout, "content");
        string index = Path.Combine(layout.DirectoryPath, "index.json");
        File.WriteAllText(index, $$"""
            {"schemaVersion":2,"manifests":[{"mediaType":"x/y","digest":"{{Digest.Compute("z"u8)}}","size":1,"x-entry":true}],"x-root":[1]}
            """);

        await layout.TagAsync(descriptor, "v1", Token);

        string written = File.ReadAllText(index);
        Assert.Contains("\"x-entry\":true", written, StringComparison.Ordinal);
        Assert.Contains("\"x-root\":[1]", written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tag_FromManyTasksAndInstancesLosesNothing()
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = await PushAsync(layout, "content");

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
        {
            OciLayout other = await OciLayout.OpenAsync(layout.DirectoryPath, cancellationToken: Token);
            await other.TagAsync(descriptor, $"v{i}", Token);
        })));

        Assert.Equal(40, (await layout.ListReferencesAsync(Token).ToListAsync(Token)).Count);
    }

    [Fact]
    public async Task Push_OfTheSameContentFromManyTasksGivesOneBlob() // S06
    {
        OciLayout layout = await CreateAsync();
        byte[] bytes = new byte[500_000];
        Descriptor descriptor = Descriptor.Create("a/b", bytes);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
            await layout.PushAsync(descriptor, ReplayableContent.FromBytes(bytes), Token))));

        Assert.Equal(bytes.Length, new FileInfo(BlobPath(layout, descriptor)).Length);
        Assert.Empty(Leftovers(layout));
    }

    [Fact]
    public async Task Ingest_ResumesWhereItStopped()
    {
        OciLayout layout = await CreateAsync();
        await using (ContentIngest first = await layout.OpenIngestAsync("layer-1", Token))
        {
            await first.AppendAsync("con"u8.ToArray(), Token);
            await Assert.ThrowsAsync<IOException>(async () => await layout.OpenIngestAsync("layer-1", Token));
        }

        OciLayout reopened = await OciLayout.OpenAsync(layout.DirectoryPath, cancellationToken: Token);
        Assert.Equal(3, (await reopened.GetIngestStatusAsync("layer-1", Token))?.Offset);
        await using ContentIngest second = await reopened.OpenIngestAsync("layer-1", Token);
        await second.AppendAsync("tent"u8.ToArray(), Token);
        Descriptor descriptor = await second.CommitAsync("a/b", cancellationToken: Token);

        Assert.Equal(Descriptor.Create("a/b", "content"u8), descriptor);
        Assert.Equal("content", File.ReadAllText(BlobPath(layout, descriptor)));
        Assert.Null(await layout.GetIngestStatusAsync("layer-1", Token));
    }

    [Fact]
    public async Task Ingest_RefusesAnotherDigestAndCanStillBeAborted()
    {
        OciLayout layout = await CreateAsync();
        await using ContentIngest ingest = await layout.OpenIngestAsync("k", Token);
        await ingest.AppendAsync("content"u8.ToArray(), Token);

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await ingest.CommitAsync("a/b", Digest.Compute("other"u8, Digest.Sha512), Token));
        await ingest.AbortAsync(Token);

        Assert.Null(await layout.GetIngestStatusAsync("k", Token));
        Assert.Empty(Leftovers(layout));
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("")]
    [InlineData("a/b")]
    public async Task Ingest_RefusesAKeyThatIsNone(string key)
    {
        OciLayout layout = await CreateAsync();

        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await layout.OpenIngestAsync(key, Token));
    }

    [Fact]
    public async Task SweepIngests_LeavesWhatIsOpen()
    {
        OciLayout layout = await CreateAsync();
        await using (ContentIngest left = await layout.OpenIngestAsync("left", Token))
        {
            await left.AppendAsync("12345"u8.ToArray(), Token);
        }

        await using ContentIngest open = await layout.OpenIngestAsync("open", Token);
        await open.AppendAsync("123"u8.ToArray(), Token);

        var tomorrow = new FakeTimeProvider(DateTimeOffset.MaxValue);

        long freed = layout.SweepIngests(TimeSpan.FromDays(1), tomorrow);

        Assert.Equal(5, freed);
        Assert.Null(await layout.GetIngestStatusAsync("left", Token));
        Assert.Equal(3, (await layout.GetIngestStatusAsync("open", Token))?.Offset);
    }

    [Fact]
    public async Task ListReferrers_FindsManifestsByTheirSubject()
    {
        OciLayout layout = await CreateAsync();
        Descriptor subject = await PushAsync(layout, "subject");
        var referrer = OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = MediaTypes.ImageManifest,
            ArtifactType = "application/x-sbom",
            Config = Descriptor.Empty,
            Subject = subject,
            Annotations = new Dictionary<string, string> { ["k"] = "v" },
        });
        await layout.PushAsync(referrer.Descriptor, ReplayableContent.FromBytes(referrer.Bytes), Token);

        List<Descriptor> found = await layout.ListReferrersAsync(subject, cancellationToken: Token).ToListAsync(Token);
        List<Descriptor> others = await layout.ListReferrersAsync(subject, "application/other", Token).ToListAsync(Token);

        Descriptor only = Assert.Single(found);
        Assert.Equal((referrer.Descriptor.Digest, "application/x-sbom", "v"), (only.Digest, only.ArtifactType, only.Annotations["k"]));
        Assert.Empty(others);
    }

    [Fact]
    public async Task Delete_RemovesContentAndEveryTagOfIt()
    {
        OciLayout layout = await CreateAsync();
        Descriptor descriptor = await PushAsync(layout, "content");
        await layout.TagAsync(descriptor, "v1", Token);

        await layout.DeleteAsync(descriptor, Token);

        Assert.False(await layout.ExistsAsync(descriptor, Token));
        Assert.Empty((await layout.ReadIndexAsync(Token)).Value.Manifests);
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await layout.DeleteAsync(descriptor, Token));
    }

    [Fact]
    public async Task TryMount_TakesABlobOverFromAnotherLayout()
    {
        OciLayout source = await CreateAsync();
        Descriptor descriptor = await PushAsync(source, "content");
        OciLayout target = await OciLayout.OpenOrCreateAsync(_directory.Combine("target"), cancellationToken: Token);

        bool mounted = await target.TryMountAsync(descriptor, source, Token);
        bool again = await target.TryMountAsync(descriptor, source, Token);
        bool missing = await target.TryMountAsync(Descriptor.Create("a/b", "absent"u8), source, Token);

        Assert.Equal((OperatingSystem.IsLinux(), OperatingSystem.IsLinux(), false), (mounted, again, missing));
        Assert.Empty(Leftovers(target));
    }

    [Theory]
    [InlineData(100)]
    public async Task ReadIndex_RefusesAFileThatIsTooLarge(int limit)
    {
        OciLayout layout = await CreateAsync();
        File.WriteAllText(Path.Combine(layout.DirectoryPath, "index.json"), "{" + new string(' ', limit) + "}");

        await Assert.ThrowsAsync<DocumentFormatException>(async () => await OciLayout.OpenAsync(
            layout.DirectoryPath, new OciLayoutOptions { MaxIndexSize = limit }, Token));
    }

    private static string BlobPath(OciLayout layout, Descriptor descriptor) =>
        Path.Combine(layout.DirectoryPath, "blobs", descriptor.Digest.Algorithm, descriptor.Digest.Encoded);

    private static IEnumerable<string> Leftovers(OciLayout layout) =>
        Directory.GetFiles(Path.Combine(layout.DirectoryPath, ".ociimage")).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal));

    private static async Task<Descriptor> PushAsync(OciLayout layout, string content)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content);
        Descriptor descriptor = Descriptor.Create("text/plain", bytes);
        await layout.PushAsync(descriptor, ReplayableContent.FromBytes(bytes), Token);

        return descriptor;
    }

    private static async Task WriteEntriesAsync(OciLayout layout, params Descriptor[] entries)
    {
        var annotations = new Dictionary<string, string> { [AnnotationKeys.RefName] = "v1" };
        var index = new ImageIndex { Manifests = [.. entries.Select(entry => entry with { Annotations = annotations })] };
        await File.WriteAllBytesAsync(
            Path.Combine(layout.DirectoryPath, "index.json"), OciDocument<ImageIndex>.Create(index).Bytes, Token);
    }

    private ValueTask<OciLayout> CreateAsync() => OciLayout.OpenOrCreateAsync(
        _directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None }, Token);

    private sealed class CancelledContent : ReplayableContent
    {
        public override ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default) =>
            new(new MemoryStream("content"u8.ToArray()));
    }
}
