using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Engines.Tests;

public sealed class ContainerdPushTests : IAsyncLifetime
{
    private static readonly Descriptor Hello = TestContent.Describe("hello");
    private static readonly string HelloReference = $"ocimage-{Hello.Digest}";

    private FakeContainerd _containerd = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _containerd = await FakeContainerd.StartAsync();

    public ValueTask DisposeAsync() => _containerd.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(3_000_000)] // several messages
    public async Task PushAsync_MakesContentReadable(int size)
    {
        await using ContainerdStore store = await _containerd.ConnectAsync();
        byte[] bytes = TestContent.Bytes(size);
        Descriptor descriptor = Descriptor.Create(TestContent.Unknown, bytes);
        bool before = await store.ExistsAsync(descriptor, Token);

        await store.PushAsync(descriptor, ReplayableContent.FromBytes(bytes), Token);

        Assert.Equal((false, true), (before, await store.ExistsAsync(descriptor, Token)));
        Assert.Equal(bytes, await TestContent.ReadAsync(store, descriptor));
        Assert.Empty(_containerd.Ingests);
    }

    [Theory]
    [InlineData("hullo")] // other bytes
    [InlineData("hell")] // too short
    [InlineData("hello!")] // too long
    public async Task PushAsync_OfOtherContent_LeavesNothing(string actual)
    {
        await using ContainerdStore store = await _containerd.ConnectAsync();

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await store.PushAsync(Hello, TestContent.Of(actual), Token));

        Assert.Empty(_containerd.Content);
        Assert.Empty(_containerd.Ingests);
    }

    [Fact]
    public async Task PushAsync_OfASourceThatBreaks_DropsWhatWasWritten()
    {
        await using ContainerdStore store = await _containerd.ConnectAsync();

        await Assert.ThrowsAsync<IOException>(async () => await store.PushAsync(Hello, new StreamContent(() =>
            new ThrowingStream(TestContent.Open("hello"), after: 2, new IOException("The connection broke."))), Token));

        Assert.Empty(_containerd.Content);
        Assert.Empty(_containerd.Ingests);
    }

    [Fact]
    public async Task PushAsync_ThatIsCancelled_DropsWhatWasWritten()
    {
        await using ContainerdStore store = await _containerd.ConnectAsync();
        using var cancellation = new CancellationTokenSource();
        var reached = new TaskCompletionSource();
        Task push = store.PushAsync(Hello, new StreamContent(() => new WaitingStream(reached)), cancellation.Token).AsTask();
        await reached.Task;

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => push);
        Assert.Empty(_containerd.Content);
        Assert.Empty(_containerd.Ingests);
    }

    [Theory]
    [InlineData("hel", 3)] // the start of it
    [InlineData("hello", -1)] // all of it: nothing is read
    [InlineData("HEL", 3)] // something else: begun again
    [InlineData("longer than hello", 0)]
    public async Task PushAsync_GoesOnWhereAnEarlierProcessStopped(string left, int firstOffset)
    {
        _containerd.Ingests[("default", HelloReference)] = TestContent.Bytes(left);
        await using ContainerdStore store = await _containerd.ConnectAsync();
        var offsets = new List<long>();

        await store.PushAsync(Hello, new OffsetContent("hello", offsets), Token);

        Assert.Equal(TestContent.Bytes("hello"), await TestContent.ReadAsync(store, Hello));
        Assert.Equal(firstOffset, offsets.Count == 0 ? -1 : offsets[0]);
    }

    [Fact]
    public async Task PushAsync_OfWhatAnotherNamespaceHas_ReadsNothing()
    {
        _containerd.Content[("other", Hello.Digest.ToString())] = TestContent.Bytes("hello");
        await using ContainerdStore store = await _containerd.ConnectAsync();
        var offsets = new List<long>();
        bool before = await store.ExistsAsync(Hello, Token);

        await store.PushAsync(Hello, new OffsetContent("hello", offsets), Token);

        Assert.False(before);
        Assert.Empty(offsets);
        Assert.True(await store.ExistsAsync(Hello, Token));
    }

    [Theory]
    [InlineData(StatusCode.Unavailable, "ref locked for 3s")]
    [InlineData(StatusCode.FailedPrecondition, "ref is locked")]
    public async Task PushAsync_WaitsForWhoeverWritesTheSame(StatusCode code, string detail)
    {
        int left = 3;
        _containerd.Fault = method =>
            method == "Write" && Interlocked.Decrement(ref left) >= 0 ? FakeContainerd.Error(code, detail) : null;
        await using ContainerdStore store = await _containerd.ConnectAsync();

        await store.PushAsync(Hello, TestContent.Of("hello"), Token);

        Assert.True(await store.ExistsAsync(Hello, Token));
    }

    [Fact]
    public async Task PushAsync_WaitsNoLongerThanItMay()
    {
        _containerd.Locks[("default", HelloReference)] = true;
        await using ContainerdStore store = await _containerd.ConnectAsync(
            options => options.LockTimeout = TimeSpan.FromMilliseconds(200));

        var error = await Assert.ThrowsAsync<EngineException>(async () => await store.PushAsync(Hello, TestContent.Of("hello"), Token));

        Assert.Equal((EngineErrorKind.Busy, true), (error.Kind, error.IsTransient));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(long.MinValue)] // less than nothing
    public async Task PushAsync_RefusesAContainerdThatCountsWrongly(long lie)
    {
        _containerd.WriteLie = lie;
        await using ContainerdStore store = await _containerd.ConnectAsync();

        var error = await Assert.ThrowsAsync<EngineException>(async () => await store.PushAsync(Hello, TestContent.Of("hello"), Token));

        Assert.Equal(EngineErrorKind.InvalidAnswer, error.Kind);
        Assert.Empty(_containerd.Content);
    }

    [Fact]
    public async Task PushAsync_RefusesOtherAlgorithmsThanContainerds()
    {
        await using ContainerdStore store = await _containerd.ConnectAsync();

        var error = await Assert.ThrowsAsync<EngineException>(async () => await store.PushAsync(
            TestContent.Describe("hello", algorithm: Digest.Sha512), TestContent.Of("hello"), Token));
        await Assert.ThrowsAsync<ContentVerificationException>(async () => await store.PushAsync(
            Hello with { Digest = Digest.Parse("blake3:abcd") }, TestContent.Of("hello"), Token));

        Assert.Equal(EngineErrorKind.Unsupported, error.Kind);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // another tool wrote them, without labels
    public async Task PushAsync_LabelsDocumentsSoThatTheyKeepWhatTheyReferTo(bool areThere)
    {
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, "a", "amd64");
        Descriptor index = await TestContent.PushIndexAsync(source, [image]);
        if (areThere)
        {
            await foreach (Descriptor item in ContentCopy.WalkAsync(source, index, cancellationToken: Token))
            {
                _containerd.Content[("default", item.Digest.ToString())] = await TestContent.ReadAsync(source, item);
            }
        }

        await using ContainerdStore store = await _containerd.ConnectAsync();

        await ContentCopy.CopyGraphAsync(source, store, index, "docker.io/library/a:v1", cancellationToken: Token);

        ImageManifest manifest = OciDocument<ImageManifest>.Parse(await TestContent.ReadAsync(source, image)).Value;
        IReadOnlyDictionary<string, string> manifestLabels = await store.GetContentLabelsAsync(image.Digest, Token);
        IReadOnlyDictionary<string, string> indexLabels = await store.GetContentLabelsAsync(index.Digest, Token);
        Assert.Equal(manifest.Config.Digest.ToString(), manifestLabels["containerd.io/gc.ref.content.config"]);
        Assert.Equal(manifest.Layers[0].Digest.ToString(), manifestLabels["containerd.io/gc.ref.content.l.0"]);
        Assert.Equal(manifest.Layers[1].Digest.ToString(), manifestLabels["containerd.io/gc.ref.content.l.1"]);
        Assert.Equal(image.Digest.ToString(), indexLabels["containerd.io/gc.ref.content.m.0"]);
        Assert.Equal(index.Digest, (await store.ResolveAsync("a:v1", Token)).Digest);
    }

    [Fact]
    public async Task PushAsync_RefusesAManifestThatKeepsNothing()
    {
        await using ContainerdStore store = await _containerd.ConnectAsync();
        Descriptor malformed = TestContent.Describe("""{"config":1}""", MediaTypes.ImageManifest);

        await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await store.PushAsync(malformed, TestContent.Of("""{"config":1}"""), Token));

        Assert.Empty(_containerd.Content);
    }

    [Fact]
    public async Task PushAsync_LabelsALayerWithItsDiffIdAndOrigin()
    {
        var source = new MemoryStore();
        Layers.WrittenLayer layer = await TestImage.AddLayerAsync(source, "a", "b");
        await using ContainerdStore store = await _containerd.ConnectAsync(
            options => options.Origin = new ImageReference { Registry = "localhost:5000", Repository = "b/c" });

        await store.PushAsync(layer.Descriptor, ReplayableContent.FromFetcher(source, layer.Descriptor), Token);
        await store.PushAsync(Hello with { MediaType = MediaTypes.LayerGzip }, TestContent.Of("hello"), Token);

        IReadOnlyDictionary<string, string> labels = await store.GetContentLabelsAsync(layer.Descriptor.Digest, Token);
        Assert.Equal(layer.DiffId.ToString(), labels["containerd.io/uncompressed"]);
        Assert.Equal("b/c", labels["containerd.io/distribution.source.localhost"]);
        Assert.DoesNotContain("containerd.io/uncompressed", await store.GetContentLabelsAsync(Hello.Digest, Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CopyGraphAsync_WritesUnderALeaseThatEnds(bool fails)
    {
        var source = new MemoryStore();
        Descriptor image = await TestContent.PushImageAsync(source, "a");
        ContainerdStore store = await _containerd.ConnectAsync();
        await using (store)
        {
            IAsyncDisposable hold = await store.HoldAsync(Token);
            string lease = Assert.Single(_containerd.Leases.Keys);
            if (fails)
            {
                _containerd.Fault = method => method == "Create" ? FakeContainerd.Error(StatusCode.Internal, "no") : null;
                await Assert.ThrowsAsync<EngineException>(async () => await ContentCopy.CopyGraphAsync(
                    source, store, image, "a:v1", cancellationToken: Token));
            }
            else
            {
                await ContentCopy.CopyGraphAsync(source, store, image, "a:v1", cancellationToken: Token);
            }

            Assert.All(_containerd.Calls.Where(call => call.Method == "Write"), call => Assert.Equal(lease, call.Lease));
            Assert.Contains(image.Digest.ToString(), _containerd.Leases[lease]);
            if (!fails)
            {
                await hold.DisposeAsync();
                Assert.Empty(_containerd.Leases);
            }
        }

        Assert.Empty(_containerd.Leases);
        Assert.All(_containerd.ExpireLabels, label => Assert.EndsWith("Z", label, StringComparison.Ordinal));
    }

    [Fact]
    public async Task PushAsync_RenewsALeaseThatComesOfAge()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        await using ContainerdStore store = await _containerd.ConnectAsync(options =>
        {
            options.TimeProvider = time;
            options.LeaseDuration = TimeSpan.FromHours(2);
        });
        await using IAsyncDisposable hold = await store.HoldAsync(Token);
        string first = Assert.Single(_containerd.Leases.Keys);
        await store.PushAsync(Hello, TestContent.Of("hello"), Token);
        time.Advance(TimeSpan.FromHours(1));

        await store.PushAsync(TestContent.Describe("more"), TestContent.Of("more"), Token);

        string second = Assert.Single(_containerd.Leases.Keys, key => key != first);
        Assert.Contains(Hello.Digest.ToString(), _containerd.Leases[second]);
        Assert.Equal(["1970-01-01T02:00:00Z", "1970-01-01T03:00:00Z"], _containerd.ExpireLabels.Order());
    }

    private sealed class StreamContent(Func<Stream> open) : ReplayableContent
    {
        public override ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default) => new(open());
    }

    private sealed class OffsetContent(string text, List<long> offsets) : ReplayableContent
    {
        public override ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default)
        {
            offsets.Add(offset);
            return new(TestContent.Open(text[(int)offset..]));
        }
    }

    /// <summary>Tells that it is read, and gives nothing until it is cancelled.</summary>
    private sealed class WaitingStream(TaskCompletionSource reached) : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            reached.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
