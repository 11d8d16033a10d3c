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

    private async Task<Descriptor> CopyAsync(Descriptor root, string? reference, CopyOptions options) =>
        await ContentCopy.CopyGraphAsync(new RecordingSource(_store), _target, root, reference, options, Token);
}
