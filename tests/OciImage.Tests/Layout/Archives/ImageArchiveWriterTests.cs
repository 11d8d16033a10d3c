using OciImage.Compression;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout.Archives;

/// <summary>The writer where many push at once, and where an index has less than it lists.</summary>
public sealed class ImageArchiveWriterTests
{
    private const int Pushers = 8;
    private const int Blobs = 24;
    private const int Large = 1_100_000; // more than is read before its turn

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(CompressionFormat.None)]
    [InlineData(CompressionFormat.Zstd)]
    public async Task Push_TakesWhatManyPushAtOnce(CompressionFormat compression)
    {
        (Descriptor Descriptor, byte[] Bytes)[] content =
        [
            .. Enumerable.Range(0, Blobs).Select(i => TestContent.Bytes((i % 4 == 0 ? Large : 1000) + i))
                .Select(bytes => (Descriptor.Create(TestContent.Unknown, bytes), bytes)),
        ];
        using var bytes = new MemoryStream();
        await using (var writer = new ImageArchiveWriter(
            bytes, new ImageArchiveWriterOptions { Compression = compression }, leaveOpen: true))
        {
            // Each pushes everything, from another place on, so that the same content meets itself.
            await Task.WhenAll(Enumerable.Range(0, Pushers).Select(pusher => Task.Run(
                async () =>
                {
                    for (int i = 0; i < Blobs; i++)
                    {
                        (Descriptor descriptor, byte[] own) = content[(i + (pusher * 3)) % Blobs];
                        await writer.PushAsync(descriptor, ReplayableContent.FromBytes(own), Token);
                        await writer.TagAsync(descriptor, $"v{(i + (pusher * 3)) % Blobs}", Token);
                    }
                },
                Token)));
            await writer.CompleteAsync(Token);
        }

        await using ImageArchive archive = await ImageArchive.OpenAsync(new MemoryStream(bytes.ToArray()), cancellationToken: Token);

        Assert.Equal(Blobs, (await archive.ReadRootsAsync(Token)).Count);
        for (int i = 0; i < Blobs; i++)
        {
            Assert.Equal(content[i].Descriptor, await archive.ResolveAsync($"v{i}", Token));
            Assert.Equal(content[i].Bytes, await TestContent.ReadAsync(archive, content[i].Descriptor));
        }
    }

    [Fact]
    public async Task Push_TakesTheContentOfOthersWhereOnePushersWasWrong()
    {
        using var bytes = new MemoryStream();
        await using var writer = new ImageArchiveWriter(bytes, leaveOpen: true);
        byte[][] right = [.. Enumerable.Range(0, Pushers).Select(i => TestContent.Bytes(Large + i))];

        Exception?[] failures = await Task.WhenAll(right.Select((own, i) => Task.Run(
            async () => await Record.ExceptionAsync(async () => await writer.PushAsync(
                Descriptor.Create(TestContent.Unknown, own),
                ReplayableContent.FromBytes(i % 2 == 0 ? own : new byte[own.Length]),
                Token)),
            Token)));
        await writer.TagAsync(Descriptor.Create(TestContent.Unknown, right[0]), "v1", Token);
        await writer.CompleteAsync(Token);
        await using ImageArchive archive = await ImageArchive.OpenAsync(new MemoryStream(bytes.ToArray()), cancellationToken: Token);

        for (int i = 0; i < Pushers; i++)
        {
            Descriptor descriptor = Descriptor.Create(TestContent.Unknown, right[i]);
            Assert.Equal(i % 2 == 0, await archive.ExistsAsync(descriptor, Token));
            Assert.Equal(i % 2 == 0, failures[i] is null);
            if (i % 2 == 0)
            {
                Assert.Equal(right[i], await TestContent.ReadAsync(archive, descriptor));
            }
        }

        Assert.All(failures.OfType<Exception>(), failure => Assert.IsType<ContentVerificationException>(failure));
    }

    [Fact]
    public async Task OpenRead_FindsDocumentsAlone()
    {
        await using var writer = new ImageArchiveWriter(Stream.Null);
        Descriptor blob = await TestImage.PushAsync(writer, TestContent.Unknown, "blob");
        Descriptor index = await TestContent.PushIndexAsync(writer, []);

        Assert.NotEmpty(await TestContent.ReadAsync(writer, index));
        await Assert.ThrowsAsync<ContentNotFoundException>(() => TestContent.ReadAsync(writer, blob));
    }

    [Fact]
    public async Task Complete_CarriesADocumentThatIsMalformed()
    {
        using var bytes = new MemoryStream();
        await using var writer = new ImageArchiveWriter(bytes, leaveOpen: true);
        Descriptor malformed = await TestImage.PushAsync(writer, MediaTypes.ImageManifest, "{}");
        await writer.TagAsync(malformed, "v1", Token);
        await writer.CompleteAsync(Token);

        await using ImageArchive archive = await ImageArchive.OpenAsync(new MemoryStream(bytes.ToArray()), cancellationToken: Token);

        Assert.Equal(malformed.Digest, (await archive.ResolveAsync("v1", Token)).Digest);
    }

    [Fact]
    public async Task CopyGraph_CarriesASparseIndexAsItIs()
    {
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, "a", "amd64");
        Descriptor absent = TestContent.Describe("absent", MediaTypes.ImageManifest);
        Descriptor index = await TestContent.PushIndexAsync(source, [image, absent]);
        var progress = new RecordedProgress();
        var options = new CopyOptions { Sparse = true, IncludeReferrers = true, Progress = progress };
        using var bytes = new MemoryStream();
        await using (var writer = new ImageArchiveWriter(bytes, leaveOpen: true))
        {
            await ContentCopy.CopyGraphAsync(source, writer, index, "one/a:v1", options, Token);
            await writer.CompleteAsync(Token);
        }

        await using ImageArchive archive = await ImageArchive.OpenAsync(new MemoryStream(bytes.ToArray()), cancellationToken: Token);
        var target = new MemoryStore();
        await ContentCopy.CopyGraphAsync(archive, target, index, "v1", options, Token);

        Assert.Equal(index.Digest, (await target.ResolveAsync("v1", Token)).Digest);
        Assert.True(await target.ExistsAsync(image, Token));
        Assert.False(await target.ExistsAsync(absent, Token));
        Assert.Equal([absent.Digest, absent.Digest], progress.LeftOut);
        await Assert.ThrowsAsync<ContentNotFoundException>(async () =>
            await ContentCopy.CopyGraphAsync(archive, new MemoryStore(), index, "v1", cancellationToken: Token));
    }

    [Fact]
    public async Task CopyGraph_OfASparseIndexStillWantsEveryLayer()
    {
        var source = new MemoryStore();
        Descriptor config = await TestImage.PushAsync(source, MediaTypes.ImageConfig, "{}");
        Descriptor layer = TestContent.Describe("absent", MediaTypes.LayerGzip);
        Descriptor image = await TestContent.PushManifestAsync(source, config, [layer]);
        Descriptor index = await TestContent.PushIndexAsync(source, [image]);
        Descriptor both = await TestContent.PushIndexAsync(source, [layer, image]);

        foreach (Descriptor root in new[] { image, index, both })
        {
            await Assert.ThrowsAsync<ContentNotFoundException>(async () => await ContentCopy.CopyGraphAsync(
                source, new MemoryStore(), root, "v1", new CopyOptions { Sparse = true }, Token));
        }
    }

    private sealed class RecordedProgress : IProgress<ContentProgress>
    {
        private readonly Lock _lock = new();

        public List<Digest> LeftOut { get; } = [];

        public void Report(ContentProgress value)
        {
            lock (_lock)
            {
                if (value.State == ContentProgressState.LeftOut)
                {
                    LeftOut.Add(value.Descriptor.Digest);
                }
            }
        }
    }
}
