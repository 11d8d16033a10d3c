using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class ContentCopyDigestTagTests
{
    private static readonly CopyOptions Tags = new() { IncludeDigestTags = true };

    private readonly MemoryStore _store = new();
    private readonly RecordingStore _target = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DigestTags_OfEveryManifestAreCopied()
    {
        Descriptor amd64 = await TestContent.PushImageAsync(_store, "a", "amd64");
        Descriptor index = await TestContent.PushIndexAsync(_store, [amd64]);
        Descriptor stranger = await TestContent.PushImageAsync(_store, "stranger");
        Descriptor signature = await TagAsync("signature", $"{Bare(index)}.sig");
        Descriptor attestation = await TagAsync("attestation", $"{Bare(amd64)}.att");
        await TagAsync("attestation", $"{Bare(amd64)}.sbom"); // two tags of one manifest
        Descriptor ofSignature = await TagAsync("of signature", $"{Bare(signature)}.sig");
        await TagAsync("other", $"{Bare(stranger)}.sig");
        await TagAsync("longer", $"{Bare(index)}0.sig");
        await TagAsync("name", "v1");
        var source = new AttachedSource(_store);

        await ContentCopy.CopyGraphAsync(source, _target, index, "latest", Tags, Token);

        string[] tags = [.. _target.Calls.Where(call => call.StartsWith("tag ", StringComparison.Ordinal)).Select(call => call[4..])];
        Assert.Equal(
            new[]
            {
                $"{Bare(index)}.sig {signature.Digest}", $"{Bare(amd64)}.att {attestation.Digest}",
                $"{Bare(amd64)}.sbom {attestation.Digest}", $"{Bare(signature)}.sig {ofSignature.Digest}",
                $"latest {index.Digest}",
            }.Order(),
            tags.Order());
        Assert.Equal($"latest {index.Digest}", tags[^1]);
        Assert.Single(source.Calls, "tags");
        Assert.Empty(_target.Faults);
    }

    [Fact]
    public async Task SecondCopy_CarriesAndTagsNothing()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await TagAsync("signature", $"{Bare(image)}.sig");
        await ContentCopy.CopyGraphAsync(new AttachedSource(_store), _target, image, "latest", Tags, Token);
        _target.Calls.Clear();
        var source = new AttachedSource(_store);

        await ContentCopy.CopyGraphAsync(source, _target, image, "latest", Tags, Token);

        Assert.Equal(["resolve latest", $"resolve {Bare(image)}.sig"], _target.Calls);
        Assert.Equal(["tags", $"resolve {Bare(image)}.sig"], source.Calls);
    }

    [Fact]
    public async Task TagThatMoved_MovesAtTheTarget()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await TagAsync("one signature", $"{Bare(image)}.sig");
        await ContentCopy.CopyGraphAsync(new AttachedSource(_store), _target, image, "latest", Tags, Token);
        Descriptor two = await TagAsync("two signatures", $"{Bare(image)}.sig");

        await ContentCopy.CopyGraphAsync(new AttachedSource(_store), _target, image, "latest", Tags, Token);

        Assert.Equal(two.Digest, (await _target.ResolveAsync($"{Bare(image)}.sig", Token)).Digest);
    }

    [Theory]
    [InlineData(true, false, false)] // the target keeps the list of referrers itself
    [InlineData(false, false, true)]
    [InlineData(false, true, false)] // the target's list may know of others
    public async Task ListOfReferrers_NeverReplacesOne(bool includeReferrers, bool isThere, bool copied)
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor referrer = await TestContent.PushManifestAsync(
            _store, Descriptor.Empty, [], manifest => manifest with { Subject = image.ToContentDescriptor(), ArtifactType = "a/b" });
        await TestImage.PushAsync(_store, MediaTypes.Empty, "{}");
        Descriptor list = await TestContent.PushIndexAsync(_store, [referrer]);
        await _store.TagAsync(list, Bare(image), Token);
        Descriptor own = await TestContent.PushIndexAsync(_target, []);
        if (isThere)
        {
            await _target.TagAsync(own, Bare(image), Token);
        }

        await ContentCopy.CopyGraphAsync(
            new AttachedSource(_store), _target, image, "latest",
            new CopyOptions { IncludeDigestTags = true, IncludeReferrers = includeReferrers }, Token);

        Descriptor? found = await ContentTransfer.FindTagAsync(_target, Bare(image), Token);
        Assert.Equal(copied ? list.Digest : isThere ? own.Digest : null, found?.Digest);
        Assert.Contains(referrer.Digest, _target.Pushes.Keys);
    }

    [Fact]
    public async Task BareTagOfAManifest_IsATagLikeOthers()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        Descriptor other = await TagAsync("other", Bare(image));

        await ContentCopy.CopyGraphAsync(
            new AttachedSource(_store), _target, image, "latest",
            new CopyOptions { IncludeDigestTags = true, IncludeReferrers = true }, Token);

        Assert.Equal(other.Digest, (await _target.ResolveAsync(Bare(image), Token)).Digest);
    }

    private static string Bare(Descriptor descriptor) => $"sha256-{descriptor.Digest.Encoded}";

    private async Task<Descriptor> TagAsync(string name, string tag)
    {
        Descriptor image = await TestContent.PushImageAsync(_store, name);
        await _store.TagAsync(image, tag, Token);

        return image;
    }
}
