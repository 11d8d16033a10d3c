using Grpc.Core;
using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Engines.Tests;

public sealed class ContainerdStoreTests : IAsyncLifetime
{
    private static readonly Descriptor Hello = TestContent.Describe("hello");

    private FakeContainerd _containerd = null!;
    private ContainerdStore _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _containerd = await FakeContainerd.StartAsync();
        _store = await _containerd.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _containerd.DisposeAsync();
    }

    [Fact]
    public async Task OpenReadAsync_RefusesWhatIsNotThere()
    {
        await _store.PushAsync(Hello, TestContent.Of("hello"), Token);
        Descriptor missing = TestContent.Describe("{}", MediaTypes.ImageManifest) with
        {
            Platform = new Platform { Os = "linux", Architecture = "arm64" },
        };

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await _store.OpenReadAsync(Hello with { Size = 6 }, Token));
        var error = await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.OpenReadAsync(missing, Token));

        Assert.Contains("linux/arm64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenReadAsync_ProvesWhatContainerdGives()
    {
        await _store.PushAsync(Hello, TestContent.Of("hello"), Token);
        _containerd.Flips = true;

        await Assert.ThrowsAsync<ContentVerificationException>(() => TestContent.ReadAsync(_store, Hello));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task OpenReadAsync_RefusesBytesOfAnotherOffset(long lie)
    {
        await _store.PushAsync(Hello, TestContent.Of("hello"), Token);
        _containerd.OffsetLie = lie;

        var error = await Assert.ThrowsAsync<EngineException>(() => TestContent.ReadAsync(_store, Hello));

        Assert.Equal(EngineErrorKind.InvalidAnswer, error.Kind);
    }

    [Theory]
    [InlineData(0, 2500)]
    [InlineData(999, 2)]
    [InlineData(2500, 0)]
    [InlineData(0, 0)]
    public async Task TryOpenRangeAsync_GivesThatPart(int offset, int length)
    {
        byte[] bytes = TestContent.Bytes(2500);
        Descriptor descriptor = Descriptor.Create(TestContent.Unknown, bytes);
        await _store.PushAsync(descriptor, ReplayableContent.FromBytes(bytes), Token);

        await using UnverifiedRangeStream? part = await _store.TryOpenRangeAsync(descriptor, offset, length, Token);

        var read = new MemoryStream();
        await part!.CopyToAsync(read, Token);
        Assert.Equal(bytes[offset..(offset + length)], read.ToArray());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await _store.TryOpenRangeAsync(descriptor, 2500, 1, Token));
    }

    [Fact]
    public async Task TagAsync_NamesByDockersDefaultsAndMoves()
    {
        Descriptor first = await TestContent.PushImageAsync(_store, "first");
        Descriptor second = await TestContent.PushImageAsync(_store, "second");
        await _store.TagAsync(first, "alpine", Token);
        await _store.SetImageLabelsAsync("alpine", new Dictionary<string, string?> { ["a"] = "b" }, Token);

        await _store.TagAsync(second, "docker.io/library/alpine:latest", Token);

        Assert.Equal(second, await _store.ResolveAsync("alpine", Token));
        Assert.Equal(["docker.io/library/alpine:latest"], await _store.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.Equal("b", (await _store.GetImageLabelsAsync("alpine", Token))["a"]);
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.TagAsync(first, first.Digest.ToString(), Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.TagAsync(Hello, "alpine", Token));
    }

    [Fact]
    public async Task ResolveAsync_TakesANameAsOtherToolsWroteIt()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        _containerd.Images[("default", "UPPER/case:x y")] = new Protocol.Image
        {
            Name = "UPPER/case:x y",
            Target = new Protocol.ImageTarget { MediaType = image.MediaType, Digest = image.Digest.ToString(), Size = image.Size },
        };

        Assert.Equal(image, await _store.ResolveAsync("UPPER/case:x y", Token));
        Assert.Equal(image, await _store.ResolveAsync(image.Digest.ToString(), Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.ResolveAsync("absent", Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.ResolveAsync(Hello.Digest.ToString(), Token));
    }

    [Theory]
    [InlineData("no digest", 1)]
    [InlineData("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", -1)]
    public async Task ResolveAsync_RefusesATargetThatIsNone(string digest, long size)
    {
        _containerd.Images[("default", "docker.io/library/a:latest")] = new Protocol.Image
        {
            Name = "docker.io/library/a:latest",
            Target = new Protocol.ImageTarget { MediaType = MediaTypes.ImageManifest, Digest = digest, Size = size },
        };

        var error = await Assert.ThrowsAsync<EngineException>(async () => await _store.ResolveAsync("a", Token));

        Assert.Equal(EngineErrorKind.InvalidAnswer, error.Kind);
    }

    [Fact]
    public async Task Repository_LimitsReferencesToItsTags()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await _store.TagAsync(image, "quay.example/a/b:v1", Token);
        await _store.TagAsync(image, "quay.example/a/b/c:v1", Token);
        await using ContainerdStore repository = await _containerd.ConnectAsync(options => options.Repository = "quay.example/a/b");

        await repository.TagAsync(image, "v0", Token);

        Assert.Equal(["v0", "v1"], await repository.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.Equal(image, await _store.ResolveAsync("quay.example/a/b:v0", Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await repository.TagAsync(image, "x/y:z", Token));
        await repository.UntagAsync("v0", Token);
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await repository.UntagAsync("v0", Token));
        await repository.DeleteAsync(image, Token);
        Assert.Equal(["quay.example/a/b/c:v1"], await _store.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.True(await _store.ExistsAsync(image, Token)); // another repository has it
    }

    [Fact]
    public async Task DeleteAsync_RemovesContentAndItsNames()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await _store.TagAsync(image, "a", Token);
        await _store.TagAsync(image, "b", Token);

        await _store.DeleteAsync(image, Token);

        Assert.Empty(await _store.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.False(await _store.ExistsAsync(image, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.DeleteAsync(image, Token));
    }

    [Fact]
    public async Task ListReferrersAsync_TellsWhatWasPushedAfterItsSubject()
    {
        Descriptor subject = await TestContent.PushImageAsync(_store, "subject");
        Descriptor config = await TestImage.PushAsync(_store, "application/vnd.test.config", "{}");
        Descriptor referrer = await TestContent.PushManifestAsync(
            _store, config, [], manifest => manifest with { Subject = subject.ToContentDescriptor() });
        await _store.SetContentLabelsAsync(
            subject.Digest,
            new Dictionary<string, string?> { ["containerd.io/gc.ref.content.referrer.forged"] = config.Digest.ToString() },
            Token);

        Descriptor found = Assert.Single(await _store.ListReferrersAsync(subject, null, Token).ToArrayAsync(Token));

        Assert.Equal((referrer.Digest, "application/vnd.test.config"), (found.Digest, found.ArtifactType));
        Assert.Empty(await _store.ListReferrersAsync(subject, "other", Token).ToArrayAsync(Token));
    }

    [Fact]
    public async Task Labels_AreReadAndSet()
    {
        await _store.PushAsync(Hello, TestContent.Of("hello"), Token);
        await _store.SetContentLabelsAsync(Hello.Digest, new Dictionary<string, string?> { ["a"] = "b", ["c"] = "d" }, Token);

        await _store.SetContentLabelsAsync(Hello.Digest, new Dictionary<string, string?> { ["a"] = null }, Token);

        Assert.Equal(new Dictionary<string, string> { ["c"] = "d" }, await _store.GetContentLabelsAsync(Hello.Digest, Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.SetContentLabelsAsync(
            Hello.Digest, new Dictionary<string, string?> { ["a"] = new string('b', 5000) }, Token));
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.SetContentLabelsAsync(
            TestContent.Describe("no").Digest, new Dictionary<string, string?> { ["a"] = "b" }, Token));
    }

    [Fact]
    public async Task Ingest_GoesOnWhereTheLastHolderStopped()
    {
        await using (ContentIngest first = await _store.OpenIngestAsync("key", Token))
        {
            await first.AppendAsync(TestContent.Bytes("hel"), Token);
            await Assert.ThrowsAsync<IOException>(async () => await _store.OpenIngestAsync("key", Token));
        }

        await UnlockedAsync();
        IngestStatus? status = await _store.GetIngestStatusAsync("key", Token);
        await using ContentIngest second = await _store.OpenIngestAsync("key", Token);
        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await second.CommitAsync(TestContent.Unknown, Hello.Digest, Token));
        await second.AppendAsync(TestContent.Bytes("lo"), Token);
        Descriptor committed = await second.CommitAsync(TestContent.Unknown, null, Token);

        Assert.Equal((3, 5, Hello), (status?.Offset, second.Offset, committed));
        Assert.Equal(TestContent.Bytes("hello"), await TestContent.ReadAsync(_store, committed));
        Assert.Null(await _store.GetIngestStatusAsync("key", Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await second.AppendAsync(TestContent.Bytes("x"), Token));
    }

    [Fact]
    public async Task Ingest_ThatIsAborted_LeavesNothing()
    {
        await using ContentIngest ingest = await _store.OpenIngestAsync("key", Token);
        await ingest.AppendAsync(TestContent.Bytes("hel"), Token);

        await ingest.AbortAsync(Token);
        await ingest.AbortAsync(Token);

        Assert.Empty(_containerd.Ingests);
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.OpenIngestAsync("../key", Token));
    }

    [Fact]
    public async Task ListNamespacesAsync_IsOrdinal()
    {
        foreach (string name in (string[])["b", "a", "B"])
        {
            await using ContainerdStore store = await _containerd.ConnectAsync(options => options.Namespace = name);
            await store.PushAsync(Hello, TestContent.Of("hello"), Token);
        }

        Assert.Equal(["B", "a", "b"], await _store.ListNamespacesAsync(Token));
    }

    [Fact]
    public async Task TagAsync_OutlivesRacesWithOthers()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        await _store.TagAsync(image, "a", Token);
        int left = 2;

        // Made by another just before, and gone again just after.
        _containerd.Fault = method => method == "UpdateImage" && Interlocked.Decrement(ref left) >= 0
            ? FakeContainerd.Error(StatusCode.NotFound, "gone")
            : null;
        await _store.TagAsync(image, "a", Token);

        Assert.Equal(image, await _store.ResolveAsync("a", Token));
    }

    // A stream's end reaches the server a moment after its disposal.
    private async Task UnlockedAsync()
    {
        while (!_containerd.Locks.IsEmpty)
        {
            await Task.Delay(5, Token);
        }
    }
}
