using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

/// <summary>Graphs that a hostile registry may hand out.</summary>
public sealed class ContentCopyAttackTests
{
    private readonly MemoryStore _store = new();
    private readonly RecordingStore _target = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(15, true)]
    [InlineData(17, false)]
    [InlineData(1000, false)]
    public async Task DeepGraph_IsRefused(int depth, bool accepted) // M10
    {
        Descriptor root = await TestContent.PushIndexAsync(_store, []);
        for (int i = 0; i < depth; i++)
        {
            root = await TestContent.PushIndexAsync(_store, [root]);
        }

        Exception? copyError = await Record.ExceptionAsync(CopyAsync(root));
        Exception? walkError = await Record.ExceptionAsync(WalkAsync(root));

        Assert.Equal(accepted, copyError is null);
        Assert.Equal(accepted, walkError is null);
        if (!accepted)
        {
            Assert.IsType<DocumentFormatException>(copyError);
            Assert.IsType<DocumentFormatException>(walkError);
            Assert.Equal(CopySide.Source, CopyFailure.GetSide(copyError!));
            Assert.Empty(_target.Pushes);
        }
    }

    [Fact]
    public async Task WideGraph_IsRefusedBeforeItsChildrenAreAskedFor() // M06
    {
        Descriptor layer = await TestImage.PushAsync(_store, MediaTypes.Layer, "layer");
        Descriptor image = await TestContent.PushManifestAsync(_store, layer, [.. Enumerable.Repeat(layer, 100)]);
        var options = new CopyOptions { MaxNodes = 100 };

        await Assert.ThrowsAsync<DocumentFormatException>(CopyAsync(image, options));
        await Assert.ThrowsAsync<DocumentFormatException>(WalkAsync(image, options));

        Assert.Empty(_target.Pushes);
        Assert.DoesNotContain(_target.Calls, call => call.Contains(layer.Digest.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task ManyLargeDocuments_AreRefusedTogether() // M05
    {
        var manifests = new List<Descriptor>();
        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        for (int i = 0; i < 10; i++)
        {
            manifests.Add(await TestContent.PushManifestAsync(_store, config, [], manifest => manifest with
            {
                Annotations = new Dictionary<string, string> { ["padding"] = new string((char)('a' + i), 10_000) },
            }));
        }

        Descriptor index = await TestContent.PushIndexAsync(_store, manifests);
        var options = new CopyOptions { MaxDocumentBytes = 50_000 };

        await Assert.ThrowsAsync<DocumentFormatException>(CopyAsync(index, options));
        await Assert.ThrowsAsync<DocumentFormatException>(WalkAsync(index, options));

        Assert.DoesNotContain(index.Digest, _target.Pushes.Keys);
    }

    [Fact]
    public async Task DocumentBeyondTheLimit_IsNotRead() // M05
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var source = new RecordingSource(_store);
        var options = new CopyOptions { Documents = new DocumentOptions { MaxSize = 10 } };

        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await ContentCopy.CopyGraphAsync(source, _target, image, null, options, Token));
        await Assert.ThrowsAsync<DocumentFormatException>(async () => await ContentCopy.CopyGraphAsync(
            source, _target, image with { Size = long.MaxValue }, null, null, Token)); // M07

        Assert.Empty(source.Opened);
    }

    [Theory]
    [InlineData(MediaTypes.DockerManifestSchema1)]
    [InlineData(MediaTypes.DockerManifestSchema1Signed)]
    public async Task Schema1_IsRefusedWhereverItStands(string mediaType) // M12
    {
        Descriptor old = await TestImage.PushAsync(_store, mediaType, """{"schemaVersion":1}""");
        Descriptor index = await TestContent.PushIndexAsync(_store, [old]);

        await Assert.ThrowsAsync<DocumentFormatException>(CopyAsync(old));
        await Assert.ThrowsAsync<DocumentFormatException>(CopyAsync(index));
        await Assert.ThrowsAsync<DocumentFormatException>(WalkAsync(index));
        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await ContentCopy.CopyAsync(_store, _target, old, null, Token));

        Assert.Empty(_target.Pushes);
    }

    [Fact]
    public async Task DigestThatCannotBeVerified_IsRefusedBeforeItIsAskedFor()
    {
        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor foreign = config with { Digest = Digest.Parse("blake3:abcd") };
        Descriptor image = await TestContent.PushManifestAsync(_store, config, [foreign]);

        var error = await Assert.ThrowsAsync<ContentVerificationException>(CopyAsync(image));

        Assert.Equal(foreign, error.Descriptor);
        Assert.DoesNotContain(_target.Calls, call => call.Contains("blake3", StringComparison.Ordinal));
        Assert.DoesNotContain(image.Digest, _target.Pushes.Keys);
    }

    [Fact]
    public async Task DocumentOfAnotherKindThanAnnounced_IsRefused() // M01
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        byte[] bytes = await TestContent.ReadAsync(_store, image);
        var store = new MemoryStore();
        Descriptor asIndex = await TestImage.PushAsync(store, MediaTypes.ImageIndex, bytes);
        Descriptor asDocker = image with { MediaType = MediaTypes.DockerManifest };
        Descriptor index = await TestContent.PushIndexAsync(_store, [asIndex]);

        await Assert.ThrowsAsync<DocumentFormatException>(CopyAsync(index));
        await Assert.ThrowsAsync<DocumentFormatException>(CopyAsync(asDocker));
        await Assert.ThrowsAsync<DocumentFormatException>(WalkAsync(index));

        Assert.Empty(_target.Pushes);
    }

    private Func<Task> CopyAsync(Descriptor root, CopyOptions? options = null) =>
        async () => await ContentCopy.CopyGraphAsync(new RecordingSource(_store), _target, root, null, options, Token);

    private Func<Task> WalkAsync(Descriptor root, CopyOptions? options = null) =>
        async () => await ContentCopy.WalkAsync(new RecordingSource(_store), root, options, Token).CountAsync(Token);
}
