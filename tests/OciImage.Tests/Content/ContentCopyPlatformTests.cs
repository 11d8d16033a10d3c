using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class ContentCopyPlatformTests
{
    private readonly MemoryStore _store = new();
    private readonly RecordingStore _target = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OnePlatform_GivesItsManifest()
    {
        (Descriptor index, Descriptor[] images) = await PushImagesAsync();

        Descriptor copied = await CopyAsync(index, "latest", new CopyOptions { Platforms = Platforms("arm64") });

        Assert.Equal(images[1].ToContentDescriptor(), copied);
        Assert.Equal(copied, await _target.ResolveAsync("latest", Token));
        Assert.Equal(4, _target.Pushes.Count);
    }

    [Fact]
    public async Task SeveralPlatforms_GiveANewIndexOfThem()
    {
        (Descriptor index, Descriptor[] images) = await PushImagesAsync();

        Descriptor copied = await CopyAsync(index, "latest", new CopyOptions { Platforms = Platforms("s390x", "amd64") });

        ImageIndex narrowed = OciDocument<ImageIndex>
            .Parse(await TestContent.ReadAsync(_target, copied), MediaTypes.ImageIndex).Value;
        Assert.NotEqual(index.Digest, copied.Digest);
        Assert.Equal([images[0], images[2]], narrowed.Manifests); // the entries as they were, in the order they had
        Assert.Equal("value", narrowed.Annotations["key"]);
        Assert.Empty(_target.Faults);
        Assert.Equal(8, _target.Pushes.Count);
    }

    [Fact]
    public async Task Sparse_KeepsTheIndexAndCopiesThoseChosen()
    {
        (Descriptor index, Descriptor[] images) = await PushImagesAsync();

        Descriptor copied = await CopyAsync(
            index, "latest", new CopyOptions { Platforms = Platforms("amd64"), Sparse = true });

        Assert.Equal(index, copied);
        Assert.Equal(await TestContent.ReadAsync(_store, index), await TestContent.ReadAsync(_target, copied));
        Assert.Contains(images[0].Digest, _target.Pushes.Keys);
        Assert.DoesNotContain(images[1].Digest, _target.Pushes.Keys);
    }

    [Fact]
    public async Task Sparse_OfAnotherPlatformLater_AddsIt()
    {
        (Descriptor index, Descriptor[] images) = await PushImagesAsync();
        await CopyAsync(index, "latest", new CopyOptions { Platforms = Platforms("amd64"), Sparse = true });

        await CopyAsync(index, "latest", new CopyOptions { Platforms = Platforms("arm64"), Sparse = true });

        Assert.Contains(images[1].Digest, _target.Pushes.Keys);
        Assert.DoesNotContain(images[2].Digest, _target.Pushes.Keys);
    }

    [Fact]
    public async Task PlatformThatIsNotThere_IsRefusedWithThoseThatAre()
    {
        (Descriptor index, _) = await PushImagesAsync();

        var error = await Assert.ThrowsAsync<ContentNotFoundException>(
            () => CopyAsync(index, "latest", new CopyOptions { Platforms = Platforms("riscv64") }));

        Assert.Contains("'linux/s390x'", error.Message, StringComparison.Ordinal);
        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
        Assert.Empty(_target.Calls);
    }

    [Fact]
    public async Task Manifest_IsCopiedWhateverThePlatforms()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");

        Descriptor copied = await CopyAsync(image, null, new CopyOptions { Platforms = Platforms("arm64") });

        Assert.Equal(image, copied);
    }

    [Fact]
    public async Task NestedIndex_IsFollowed()
    {
        (Descriptor index, Descriptor[] images, _) = await PushNestedAsync();

        Descriptor copied = await CopyAsync(index, null, new CopyOptions { Platforms = Platforms("arm64") });

        Assert.Equal(images[1].ToContentDescriptor(), copied);
    }

    [Fact]
    public async Task NestedIndex_GivesAFlatOneOfSeveralPlatforms()
    {
        (Descriptor index, Descriptor[] images, _) = await PushNestedAsync();

        Descriptor copied = await CopyAsync(index, null, new CopyOptions { Platforms = Platforms("s390x", "amd64") });

        ImageIndex narrowed = OciDocument<ImageIndex>
            .Parse(await TestContent.ReadAsync(_target, copied), MediaTypes.ImageIndex).Value;

        // The last image does not say what it is for; its index does.
        Assert.Equal([images[0], images[2] with { Platform = Platforms("s390x")[0] }], narrowed.Manifests);
        Assert.Empty(_target.Faults);
    }

    [Fact]
    public async Task NestedIndex_IsSparseToo()
    {
        (Descriptor index, Descriptor[] images, Descriptor[] nested) = await PushNestedAsync();

        Descriptor copied = await CopyAsync(
            index, "latest", new CopyOptions { Platforms = Platforms("arm64"), Sparse = true });
        await CopyAsync(index, "latest", new CopyOptions { Platforms = Platforms("arm64"), Sparse = true });

        Assert.Equal(index, copied);
        Assert.All(new[] { index, nested[0], images[1] }, item => Assert.Contains(item.Digest, _target.Pushes.Keys));
        Assert.All(new[] { nested[1], images[0], images[2] }, item => Assert.DoesNotContain(item.Digest, _target.Pushes.Keys));
        Assert.Equal(1, _target.Pushes[images[1].Digest]);
    }

    [Fact]
    public async Task NestedIndexOfAnotherPlatform_IsNotRead()
    {
        (Descriptor index, _, Descriptor[] nested) = await PushNestedAsync();
        var source = new RecordingSource(_store);

        await ContentCopy.CopyGraphAsync(
            source, _target, index, null, new CopyOptions { Platforms = Platforms("amd64") }, Token);

        Assert.Contains(nested[0].Digest, source.Opened); // it does not say what it is for
        Assert.DoesNotContain(nested[1].Digest, source.Opened);
    }

    [Fact]
    public async Task DeepIndex_IsRefused() // M10
    {
        Descriptor root = await TestContent.PushImageAsync(_store, "a", "amd64");
        for (int i = 0; i < 18; i++)
        {
            root = await TestContent.PushIndexAsync(_store, [root]);
        }

        await Assert.ThrowsAsync<DocumentFormatException>(
            () => CopyAsync(root, null, new CopyOptions { Platforms = Platforms("amd64") }));

        Assert.Empty(_target.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attestations_StayWithTheirImages(bool sparse)
    {
        (_, Descriptor[] images) = await PushImagesAsync();
        Descriptor[] attestations = [.. await Task.WhenAll(images.Select(AttestAsync))];
        Descriptor index = await TestContent.PushIndexAsync(_store, [.. images, .. attestations]);

        Descriptor copied = await CopyAsync(
            index, null, new CopyOptions { Platforms = Platforms("amd64", "arm64"), Sparse = sparse });

        Assert.All(attestations[..2], item => Assert.Contains(item.Digest, _target.Pushes.Keys));
        Assert.DoesNotContain(attestations[2].Digest, _target.Pushes.Keys);
        if (!sparse)
        {
            ImageIndex narrowed = OciDocument<ImageIndex>
                .Parse(await TestContent.ReadAsync(_target, copied), MediaTypes.ImageIndex).Value;
            Assert.Equal([images[0], images[1], attestations[0], attestations[1]], narrowed.Manifests);
        }
    }

    private static Platform[] Platforms(params string[] architectures) =>
        [.. architectures.Select(architecture => new Platform { Os = "linux", Architecture = architecture })];

    private async Task<(Descriptor Index, Descriptor[] Images)> PushImagesAsync()
    {
        Descriptor[] images =
        [
            await TestContent.PushImageAsync(_store, "a", "amd64"),
            await TestContent.PushImageAsync(_store, "b", "arm64") with
            {
                Annotations = new Dictionary<string, string> { ["entry"] = "value" },
            },
            await TestContent.PushImageAsync(_store, "c", "s390x"),
        ];
        Descriptor index = await TestContent.PushIndexAsync(_store, images, value => value with
        {
            Annotations = new Dictionary<string, string> { ["key"] = "value" },
        });

        return (index, images);
    }

    // amd64, [arm64], s390x: [an image that does not say what it is for]
    private async Task<(Descriptor Index, Descriptor[] Images, Descriptor[] Nested)> PushNestedAsync()
    {
        Descriptor[] images =
        [
            await TestContent.PushImageAsync(_store, "a", "amd64"),
            await TestContent.PushImageAsync(_store, "b", "arm64"),
            await TestContent.PushImageAsync(_store, "c"),
        ];
        Descriptor[] nested =
        [
            await TestContent.PushIndexAsync(_store, [images[1]]),
            await TestContent.PushIndexAsync(_store, [images[2]]) with { Platform = Platforms("s390x")[0] },
        ];

        return (await TestContent.PushIndexAsync(_store, [images[0], .. nested]), images, nested);
    }

    private async Task<Descriptor> AttestAsync(Descriptor image) =>
        await TestContent.PushImageAsync(_store, $"attestation of {image.Digest}") with
        {
            Platform = new Platform { Os = "unknown", Architecture = "unknown" },
            Annotations = new Dictionary<string, string>
            {
                ["vnd.docker.reference.type"] = "attestation-manifest",
                ["vnd.docker.reference.digest"] = image.Digest.ToString(),
            },
        };

    private async Task<Descriptor> CopyAsync(Descriptor root, string? reference, CopyOptions options) =>
        await ContentCopy.CopyGraphAsync(new RecordingSource(_store), _target, root, reference, options, Token);
}
