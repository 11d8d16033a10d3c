using System.Text;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.Tests.Tar;

namespace OciImage.Tests.Layout.Archives;

public sealed class ImageArchiveTests
{
    private const string Name = "docker.io/library/sample:v1";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Copy_BringsAnIndexItsReferrersAndUnknownTypesThroughAnArchive()
    {
        var source = new MemoryStore();
        Descriptor index = await TestContent.PushIndexAsync(
            source,
            [await TestContent.PushImageAsync(source, "a", "amd64"), await TestContent.PushIndexAsync(source, [await TestContent.PushImageAsync(source, "b", "arm64")])]);
        Descriptor unknown = await TestImage.PushAsync(source, TestContent.Unknown, "config of an artifact");
        Descriptor signature = await TestContent.PushManifestAsync(
            source, unknown, [unknown], manifest => manifest with { Subject = index, ArtifactType = "application/vnd.test.signature" });
        var options = new CopyOptions { IncludeReferrers = true };
        using var bytes = new MemoryStream();
        await using (var writer = new ImageArchiveWriter(new WriteOnlyStream(bytes)))
        {
            await ContentCopy.CopyGraphAsync(source, writer, index, Name, options, Token);
            await writer.CompleteAsync(Token);
        }

        await using ImageArchive archive = await OpenAsync(bytes.ToArray());
        var target = new MemoryStore();
        Descriptor copied = await ContentCopy.CopyGraphAsync(
            archive, target, await archive.ResolveAsync("sample:v1", Token), "v1", options, Token);

        Assert.Equal(index.Digest, copied.Digest);
        Assert.True(await target.ExistsAsync(signature, Token));
        Assert.Equal([Name], await archive.ListReferencesAsync(Token).ToListAsync(Token));
        Descriptor[] roots = [.. await archive.ReadRootsAsync(Token)];
        Assert.Equal([index.Digest, signature.Digest], roots.Select(root => root.Digest));
        Assert.Equal("v1", roots[0].Annotations[AnnotationKeys.RefName]);
        Assert.Equal(Name, roots[0].Annotations[AnnotationKeys.ContainerdImageName]);
    }

    [Fact]
    public async Task Writer_GivesTheSameBytesForTheSameImage()
    {
        var source = new MemoryStore();
        Descriptor index = await TestContent.PushIndexAsync(
            source,
            [.. await Task.WhenAll(Enumerable.Range(0, 8).Select(i => TestContent.PushImageAsync(source, $"image{i}", "amd64")))]);

        byte[] first = await WriteAsync(source, index);
        byte[] second = await WriteAsync(source, index);

        Assert.Equal(first, second);
    }

    [Theory]
    [InlineData(CompressionFormat.None, false)]
    [InlineData(CompressionFormat.Gzip, true)]
    [InlineData(CompressionFormat.Zstd, true)]
    public async Task Open_SpoolsWhatIsCompressed(CompressionFormat format, bool spooled)
    {
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, "a");
        using var directory = new TemporaryDirectory();
        string path = directory.Combine("a.tar");
        await using (ImageArchiveWriter writer = ImageArchiveWriter.Create(path, new ImageArchiveWriterOptions { Compression = format }))
        {
            await ContentCopy.CopyGraphAsync(source, writer, image, "v1", cancellationToken: Token);
            await writer.CompleteAsync(Token);
        }

        string temporary = directory.CreateDirectory("spool");
        await using ImageArchive archive = await ImageArchive.OpenAsync(
            path, new ImageArchiveOptions { TemporaryDirectory = temporary }, Token);

        Assert.Equal(spooled, archive.IsSpooled);
        Assert.Equal(image.Digest, (await archive.ResolveAsync("v1", Token)).Digest);
        Assert.Empty(Directory.GetFileSystemEntries(temporary));
    }

    [Fact]
    public async Task Open_ReadsAPipe()
    {
        var source = new MemoryStore();
        byte[] bytes = await WriteAsync(source, await TestContent.PushImageAsync(source, "a"));

        await using ImageArchive archive = await ImageArchive.OpenAsync(
            new PrefixedStream(default, new MemoryStream(bytes)), cancellationToken: Token);

        Assert.True(archive.IsSpooled);
        Assert.Equal([Name], await archive.ListReferencesAsync(Token).ToListAsync(Token));
    }

    [Fact]
    public async Task Open_ReadsLittleOfALargeArchive()
    {
        // 4 GB of holes that a file system does not keep: 40 layers, and a manifest behind them.
        using var directory = new TemporaryDirectory();
        string path = directory.Combine("large.tar");
        var source = new MemoryStore();
        byte[] tail = await WriteAsync(source, await TestContent.PushImageAsync(source, "a"));
        await using (var file = new FileStream(path, FileMode.CreateNew))
        {
            for (int i = 0; i < 40; i++)
            {
                const long Size = 100L * 1024 * 1024;
                await file.WriteAsync(new RawTar().Header($"blobs/sha256/{i:x64}", size: Size).Open(), Token);
                file.Seek(Size, SeekOrigin.Current);
            }

            await file.WriteAsync(tail, Token);
        }

        await using var counted = new CountingStream(File.OpenRead(path));
        await using ImageArchive archive = await ImageArchive.OpenAsync(counted, cancellationToken: Token);
        Descriptor image = await archive.ResolveAsync("v1", Token);
        await TestContent.ReadAsync(archive, image);

        Assert.True(counted.Length > 4L * 1000 * 1000 * 1000);
        Assert.InRange(counted.BytesRead, 1, 1_000_000);
    }

    [Fact]
    public async Task Open_FollowsTheLinksOfAnOldDockerArchive()
    {
        (Digest one, Digest two) = (TestContent.Describe("one").Digest, TestContent.Describe("two").Digest);
        string config = $$"""{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["{{one}}","{{one}}","{{two}}"]} }""";
        RawTar tar = new RawTar()
            .File("aaa/layer.tar", "one").File("aaa/VERSION", "1.0").File("aaa/json", "{}")
            .Header("bbb/layer.tar", '2', change: block => Encoding.ASCII.GetBytes("../aaa/layer.tar").CopyTo(block, 157))
            .Header("ccc/", '5').File("two.tar", "two")
            .Header("ccc/layer.tar", '1', change: block => Encoding.ASCII.GetBytes("two.tar").CopyTo(block, 157))
            .File("c0ffee.json", config).File("repositories", "{}")
            .File("manifest.json", """[{"Config":"c0ffee.json","RepoTags":["one/two:v1","one/two:v2"],"Layers":["aaa/layer.tar","bbb/layer.tar","ccc/layer.tar"]}]""");

        await using ImageArchive archive = await OpenAsync(tar.Open());
        Descriptor root = await archive.ResolveAsync("one/two:v2", Token);
        ImageManifest manifest = OciDocument<ImageManifest>.Parse(await TestContent.ReadAsync(archive, root)).Value;

        Assert.Equal(ImageArchiveFormat.Docker, archive.Format);
        Assert.Equal(["docker.io/one/two:v1", "docker.io/one/two:v2"], await archive.ListReferencesAsync(Token).ToListAsync(Token));
        Assert.Equal(["one"u8.ToArray(), "one"u8.ToArray(), "two"u8.ToArray()],
            [await TestContent.ReadAsync(archive, manifest.Layers[0]), await TestContent.ReadAsync(archive, manifest.Layers[1]), await TestContent.ReadAsync(archive, manifest.Layers[2])]);
        Assert.All(manifest.Layers, layer => Assert.Equal(MediaTypes.DockerLayer, layer.MediaType));
    }

    [Fact]
    public async Task Resolve_RefusesATagOfSeveralImages()
    {
        var source = new MemoryStore();
        using var bytes = new MemoryStream();
        await using (var writer = new ImageArchiveWriter(bytes, leaveOpen: true))
        {
            await ContentCopy.CopyGraphAsync(source, writer, await TestContent.PushImageAsync(source, "a"), "one/a:v1", cancellationToken: Token);
            await ContentCopy.CopyGraphAsync(source, writer, await TestContent.PushImageAsync(source, "b"), "one/b:v1", cancellationToken: Token);
            await writer.CompleteAsync(Token);
        }

        await using ImageArchive archive = await OpenAsync(bytes.ToArray());
        var error = await Assert.ThrowsAsync<ContentNotFoundException>(async () => await archive.ResolveAsync("v1", Token));

        Assert.Contains("docker.io/one/a:v1, docker.io/one/b:v1", error.Message, StringComparison.Ordinal);
        Assert.NotNull(await archive.ResolveAsync("one/b:v1", Token));
    }

    [Fact]
    public async Task Push_CutsAFileBackWhereContentWasWrong()
    {
        Descriptor large = Descriptor.Create(TestContent.Unknown, TestContent.Bytes(2_000_000));
        ReplayableContent wrong = ReplayableContent.FromBytes(TestContent.Bytes(2_000_001).AsMemory(0, 2_000_000));
        using var bytes = new MemoryStream();
        await using var writer = new ImageArchiveWriter(bytes, leaveOpen: true);

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await writer.PushAsync(large, wrong, Token));
        await writer.PushAsync(large, ReplayableContent.FromBytes(TestContent.Bytes(2_000_000)), Token);
        await writer.AddRootAsync(large, Token);
        await writer.CompleteAsync(Token);
        await using ImageArchive archive = await OpenAsync(bytes.ToArray());

        Assert.Equal(TestContent.Bytes(2_000_000), await TestContent.ReadAsync(archive, large));
    }

    [Fact]
    public async Task Push_TakesNothingMoreWhereAStreamHasHalfAnEntry()
    {
        Descriptor large = Descriptor.Create(TestContent.Unknown, TestContent.Bytes(2_000_000));
        ReplayableContent wrong = ReplayableContent.FromBytes(TestContent.Bytes(2_000_001).AsMemory(0, 2_000_000));
        await using var writer = new ImageArchiveWriter(new WriteOnlyStream(Stream.Null));

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await writer.PushAsync(large, wrong, Token));

        await Assert.ThrowsAsync<IOException>(async () => await writer.CompleteAsync(Token));
    }

    [Fact]
    public async Task Create_LeavesTheOldFileUntilTheNewOneIsComplete()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.WriteFile("a.tar", "before");
        await using (ImageArchiveWriter abandoned = ImageArchiveWriter.Create(path))
        {
            await TestImage.PushAsync(abandoned, TestContent.Unknown, "blob");
        }

        Assert.Equal("before", await File.ReadAllTextAsync(path, Token));
        Assert.Equal([path], Directory.GetFiles(directory.Path));
    }

    // A second end after half a first one would list things twice, which readers refuse.
    [Fact]
    public async Task Complete_ThatFailedOnTheWayIsNotTriedAgain()
    {
        using var bytes = new FailingStream("oci-layout");
        await using var writer = new ImageArchiveWriter(bytes, leaveOpen: true);
        Descriptor blob = await TestImage.PushAsync(writer, TestContent.Unknown, "blob");
        await writer.AddRootAsync(blob, Token);

        await Assert.ThrowsAsync<IOException>(async () => await writer.CompleteAsync(Token));

        await Assert.ThrowsAsync<IOException>(async () => await writer.CompleteAsync(Token));
        await Assert.ThrowsAsync<IOException>(() => TestImage.PushAsync(writer, TestContent.Unknown, "more"));
    }

    [Fact]
    public async Task Complete_MayFollowOneThatWasRefusedOrCancelledBeforeItBegan()
    {
        using var bytes = new MemoryStream();
        await using var writer = new ImageArchiveWriter(
            bytes, new ImageArchiveWriterOptions { Format = ImageArchiveFormat.Docker }, leaveOpen: true);

        await Assert.ThrowsAsync<NotSupportedException>(async () => await writer.CompleteAsync(Token));
        Descriptor image = await TestContent.PushImageAsync(writer, "a");
        await writer.TagAsync(image, "docker.io/one/a:v1", Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await writer.CompleteAsync(new CancellationToken(true)));
        await writer.CompleteAsync(Token);

        await using ImageArchive archive = await OpenAsync(bytes.ToArray());
        Assert.Equal(ImageArchiveFormat.Docker, archive.Format);
    }

    private static async Task<byte[]> WriteAsync(IContentFetcher source, Descriptor image)
    {
        using var bytes = new MemoryStream();
        await using (var writer = new ImageArchiveWriter(bytes, leaveOpen: true))
        {
            await ContentCopy.CopyGraphAsync(source, writer, image, Name, new CopyOptions { MaxConcurrency = 1 }, Token);
            await writer.CompleteAsync(Token);
        }

        return bytes.ToArray();
    }

    private static async Task<ImageArchive> OpenAsync(byte[] bytes) =>
        await ImageArchive.OpenAsync(new MemoryStream(bytes), cancellationToken: Token);
}
