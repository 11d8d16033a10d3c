using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class ContentCopyReferrerTests : IDisposable
{
    private const string Signature = "application/vnd.test.signature";
    private const string Sbom = "application/vnd.test.sbom";

    private static readonly CopyOptions All = new() { IncludeReferrers = true };

    private readonly TemporaryDirectory _directory = new();
    private readonly MemoryStore _store = new();
    private readonly RecordingStore _target = new();
    private readonly ListProgress _progress = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Referrers_FollowTheirSubjectAndTheTagComesLast()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor sbom = await AttachAsync(image, Sbom);
        Descriptor signature = await AttachAsync(sbom, Signature);

        await CopyAsync(image, "latest", All);

        string[] calls = [.. _target.Calls.Where(call => call.StartsWith("push ", StringComparison.Ordinal) || call.StartsWith("tag ", StringComparison.Ordinal))];
        int[] order = [.. new[] { image, sbom, signature }.Select(item => Array.IndexOf(calls, $"push {item.Digest}"))];
        Assert.DoesNotContain(-1, order);
        Assert.Equal(order.Order(), order);
        Assert.Equal($"tag latest {image.Digest}", calls[^1]);
        Assert.Empty(_target.Faults);
    }

    [Fact]
    public async Task Referrers_OfWhatStandsBelowAnIndexComeToo()
    {
        Descriptor amd64 = await TestContent.PushImageAsync(_store, "a", "amd64");
        Descriptor arm64 = await TestContent.PushImageAsync(_store, "b", "arm64");
        Descriptor inner = await TestContent.PushIndexAsync(_store, [arm64]);
        Descriptor index = await TestContent.PushIndexAsync(_store, [amd64, inner]);
        Descriptor[] attached =
        [
            await AttachAsync(index, Signature), await AttachAsync(inner, Signature),
            await AttachAsync(amd64, Signature), await AttachAsync(arm64, Sbom),
            await TestContent.PushIndexAsync(_store, [amd64], value => value with { Subject = arm64.ToContentDescriptor() }),
        ];

        // One slot is enough: whoever waits for something else holds none.
        await CopyAsync(index, null, new CopyOptions { IncludeReferrers = true, MaxConcurrency = 1 });

        Assert.All(attached, item => Assert.Equal(1, _target.Pushes[item.Digest]));
    }

    [Fact]
    public async Task Referrers_OfPlatformsThatAreLeftOutStay()
    {
        Descriptor amd64 = await TestContent.PushImageAsync(_store, "a", "amd64");
        Descriptor arm64 = await TestContent.PushImageAsync(_store, "b", "arm64");
        Descriptor index = await TestContent.PushIndexAsync(_store, [amd64, arm64]);
        Descriptor wanted = await AttachAsync(amd64, Signature);
        Descriptor unwanted = await AttachAsync(arm64, Signature);
        Descriptor whole = await AttachAsync(index, Signature);

        await CopyAsync(index, "v1", new CopyOptions
        {
            IncludeReferrers = true, Platforms = [Platform.Parse("linux/amd64")], Sparse = true,
        });

        Assert.Contains(wanted.Digest, _target.Pushes.Keys);
        Assert.Contains(whole.Digest, _target.Pushes.Keys);
        Assert.DoesNotContain(unwanted.Digest, _target.Pushes.Keys);
    }

    [Fact]
    public async Task Referrers_WithoutTheOptionStay()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await AttachAsync(image, Sbom);
        var source = new AttachedSource(_store);

        await ContentCopy.CopyGraphAsync(source, _target, image, "latest", null, Token);

        Assert.Equal(4, _target.Pushes.Count);
        Assert.DoesNotContain(source.Calls, call => call.StartsWith("referrers ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Sbom)]
    [InlineData(Sbom, "application/vnd.test.other")]
    public async Task ReferrerTypes_HoldAtEveryDepth(params string[] types)
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor sbom = await AttachAsync(image, Sbom);
        Descriptor ofSbom = await AttachAsync(sbom, Sbom);
        Descriptor signature = await AttachAsync(image, Signature);
        Descriptor ofSignature = await AttachAsync(signature, Sbom);

        await CopyAsync(image, "latest", new CopyOptions { IncludeReferrers = true, ReferrerTypes = types });

        Assert.Contains(sbom.Digest, _target.Pushes.Keys);
        Assert.Contains(ofSbom.Digest, _target.Pushes.Keys);
        Assert.DoesNotContain(signature.Digest, _target.Pushes.Keys);
        Assert.DoesNotContain(ofSignature.Digest, _target.Pushes.Keys);
    }

    [Fact]
    public async Task SecondCopy_LooksForReferrersAndCarriesNone()
    {
        Descriptor amd64 = await TestContent.PushImageAsync(_store, "a", "amd64");
        Descriptor index = await TestContent.PushIndexAsync(_store, [amd64]);
        Descriptor sbom = await AttachAsync(amd64, Sbom);
        await CopyAsync(index, "latest", All);
        var source = new AttachedSource(_store);
        int pushes = _target.Pushes.Values.Sum();
        _target.Calls.Clear();

        await ContentCopy.CopyGraphAsync(source, _target, index, "latest", All, Token);

        Assert.Equal(pushes, _target.Pushes.Values.Sum());
        Assert.Equal(["resolve latest", $"exists {sbom.Digest}"], _target.Calls);
        Assert.Equal([$"open {index.Digest}"], source.Calls.Where(call => call.StartsWith("open ", StringComparison.Ordinal)));
        Assert.Equal(3, source.Calls.Count(call => call.StartsWith("referrers ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task SecondCopy_IntoALayoutReadsNothingOfTheSource()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor sbom = await AttachAsync(image, Sbom);
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            _directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None }, Token);
        await ContentCopy.CopyGraphAsync(new AttachedSource(_store), layout, image, "latest", All, Token);
        var source = new AttachedSource(_store);

        await ContentCopy.CopyGraphAsync(source, layout, image, "latest", All, Token);

        Assert.All(source.Calls, call => Assert.StartsWith("referrers ", call, StringComparison.Ordinal));
        Assert.Equal([sbom.Digest], (await layout.ListReferrersAsync(image, null, Token).ToArrayAsync(Token)).Select(item => item.Digest));
    }

    [Fact]
    public async Task ReferrerThatCameLater_IsCarriedAlthoughTheImageIsThere()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await CopyAsync(image, "latest", All);
        Descriptor sbom = await AttachAsync(image, Sbom);

        await CopyAsync(image, "latest", All);

        Assert.Equal((1, 1), (_target.Pushes[sbom.Digest], _target.Pushes[image.Digest]));
    }

    [Fact]
    public async Task ListedManifestOfAnotherSubject_IsLeftOutAndReported() // R27
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor other = await TestContent.PushImageAsync(_store, "b");
        Descriptor ofOther = await AttachAsync(other, Signature);
        Descriptor gone = TestContent.Describe("gone", MediaTypes.ImageManifest);
        Descriptor malformed = await TestImage.PushAsync(_store, MediaTypes.ImageManifest, "malformed");
        Descriptor blob = await TestImage.PushAsync(_store, TestContent.Unknown, "blob");
        Descriptor[] listed = [ofOther, other, gone, malformed, blob];
        var source = new AttachedSource(_store)
        {
            List = (subject, referrers) => subject.Digest == image.Digest ? listed : referrers,
        };

        await ContentCopy.CopyGraphAsync(source, _target, image, "latest", WithProgress(), Token);

        Assert.Equal(4, _target.Pushes.Count);
        Assert.Equal(image.Digest, (await _target.ResolveAsync("latest", Token)).Digest);
        Assert.Equal(
            listed.Select(item => item.Digest).Order(),
            _progress.Reports.Where(report => report.State == ContentProgressState.LeftOut).Select(report => report.Descriptor.Digest).Order());
    }

    [Fact]
    public async Task ListedManifestOfAnotherType_IsLeftOut()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor signature = await AttachAsync(image, Signature);
        var source = new AttachedSource(_store)
        {
            List = (subject, _) => subject.Digest == image.Digest ? [signature with { ArtifactType = Sbom }] : [],
        };

        await ContentCopy.CopyGraphAsync(
            source, _target, image, null, new CopyOptions { IncludeReferrers = true, ReferrerTypes = [Sbom] }, Token);

        Assert.DoesNotContain(signature.Digest, _target.Pushes.Keys);
    }

    [Fact]
    public async Task SubjectsInACircle_End() // M10, M11
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor first = await AttachAsync(image, Signature);
        Descriptor second = await AttachAsync(first, Signature);
        var source = new AttachedSource(_store)
        {
            List = (subject, referrers) => [.. referrers, subject, image, first, second],
        };

        await ContentCopy.CopyGraphAsync(source, _target, image, "latest", All, Token);

        Assert.All(new[] { image, first, second }, item => Assert.Equal(1, _target.Pushes[item.Digest]));
        Assert.Equal(3, source.Calls.Count(call => call.StartsWith("referrers ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    public async Task ChainOfReferrers_IsBounded(int length, bool accepted) // M10
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor last = image;
        for (int i = 0; i < length; i++)
        {
            last = await AttachAsync(last, Signature);
        }

        Exception? error = await Record.ExceptionAsync(() => CopyAsync(image, "latest", All));

        Assert.Equal(accepted, error is null);
        if (!accepted)
        {
            Assert.IsType<DocumentFormatException>(error);
            Assert.Equal(CopySide.Source, CopyFailure.GetSide(error!));
            Assert.DoesNotContain(_target.Calls, call => call.StartsWith("tag ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task ListWithoutEnd_IsRefused()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var source = new AttachedSource(_store) { List = (subject, _) => Enumerable.Repeat(subject, int.MaxValue) };
        var options = new CopyOptions { IncludeReferrers = true, MaxNodes = 1000 };

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await ContentCopy.CopyGraphAsync(source, _target, image, "latest", options, Token));

        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
    }

    [Fact]
    public async Task ReferrerWhoseContentIsMissing_FailsAndTagsNothing()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor sbom = await AttachAsync(image, Sbom);
        await _store.DeleteAsync(TestContent.Describe($"layer of {Sbom} for {image.Digest}", MediaTypes.Layer), Token);

        var error = await Assert.ThrowsAsync<ContentNotFoundException>(() => CopyAsync(image, "latest", All));

        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
        Assert.DoesNotContain(sbom.Digest, _target.Pushes.Keys);
        Assert.DoesNotContain(_target.Calls, call => call.StartsWith("tag ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SourceThatCannotList_IsRefusedBeforeAnythingIsWritten()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var source = new RecordingSource(_store);

        await Assert.ThrowsAsync<NotSupportedException>(
            async () => await ContentCopy.CopyGraphAsync(source, _target, image, null, All, Token));
        await Assert.ThrowsAsync<NotSupportedException>(async () => await ContentCopy.CopyGraphAsync(
            source, _target, image, null, new CopyOptions { IncludeDigestTags = true }, Token));

        Assert.Empty(_target.Calls);
    }

    private CopyOptions WithProgress() => new() { IncludeReferrers = true, Progress = _progress };

    private async Task CopyAsync(Descriptor root, string? reference, CopyOptions options) =>
        await ContentCopy.CopyGraphAsync(new AttachedSource(_store), _target, root, reference, options, Token);

    private async Task<Descriptor> AttachAsync(Descriptor subject, string artifactType)
    {
        Descriptor config = await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor layer = await TestImage.PushAsync(_store, MediaTypes.Layer, $"layer of {artifactType} for {subject.Digest}");
        return await TestContent.PushManifestAsync(_store, config, [layer], manifest => manifest with
        {
            ArtifactType = artifactType, Subject = subject.ToContentDescriptor(),
        });
    }
}
